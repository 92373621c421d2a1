import Testing

/// The reading itself, on sources with a planted fault or a planted innocent.
@Suite struct PlantedHouseTests {
    private let levels = ["Low": 0, "Side": 0, "High": 1]

    @Test func anImportUpOrSidewaysIsFound() {
        let house = House([
            "Sources/Low/A.swift": "import Foundation\npublic import High\n", "Sources/Side/B.swift": "import Low\n",
            "Sources/High/C.swift": "package import Low\nimport Side\n",
        ])
        #expect(
            house.importsThatDoNotPointDown(levels) == [
                "Sources/Low/A.swift:2: Low imports High, which does not lie below",
                "Sources/Side/B.swift:1: Side imports Low, which does not lie below",
            ])
    }

    @Test func anImportInACommentOrATextIsNone() {
        let house = House([
            "Sources/Low/A.swift":
                "// import High\n/* import High /* import High */ */\nlet text = \"\"\"\n    import High\n    \"\"\"\n",
            "Sources/High/B.swift": "",
        ])
        #expect(house.importsThatDoNotPointDown(levels) == [])
    }

    @Test func aRoomWithoutALevelIsFound() {
        let house = House(["Sources/New/A.swift": "import Low\n", "Sources/Low/B.swift": ""])
        #expect(house.importsThatDoNotPointDown(levels) == ["Sources/New/A.swift:1: New or Low has no level"])
    }

    @Test func aLibraryWithTwoImportersIsFound() {
        let house = House(
            ["Sources/Low/A.swift": "import CZlib\n", "Sources/High/B.swift": "internal import CZlib\nimport CCurl\n"],
            libraries: ["CZlib", "CCurl", "CNobody"])
        #expect(house.importers() == ["CZlib": ["Low", "High"], "CCurl": ["High"], "CNobody": []])
    }

    /// `source` in the lower folder of two, of which the upper one declares `Upper` and `measure`.
    private func usesUp(_ source: String, beside other: String = "") -> [String] {
        let house = House([
            "Sources/Room/Top/Upper.swift":
                "public struct Upper { struct Inner {} }\nfunc measure() { Lower() }\nprivate struct Secret {}\n",
            "Sources/Room/Base/Lower.swift": "struct Lower {}\n" + source, "Sources/Room/Base/Other.swift": other,
        ])
        return house.usesThatDoNotPointDown(in: "Room", ["Top", "Base"]).map { "\($0.name) \($0.place)" }
    }

    @Test(arguments: [
        "func make() -> Upper? { nil }", "extension Upper {}", "struct X: Upper {}", "let all: [Upper: Int] = [:]",
        "let x = Room.Upper()", "let text = \"of \\(Upper.self)\"", "let text = #\"of \\#(Upper.self)\"#",
        "enum E { case one(Upper) }", "@Upper var x = 1", "let text = \"\"\"\n    \\(Upper())\n    \"\"\"",
    ])
    func aUseOfAFolderAboveIsFound(source: String) {
        #expect(usesUp(source).map { $0.prefix(5) } == ["Upper"])
    }

    @Test func theUseIsNamedWithItsPlace() {
        #expect(usesUp("\nfunc go() { measure() }") == ["measure Sources/Room/Base/Lower.swift:3"])
    }

    @Test(arguments: [
        // Text is no use.
        "// Upper", "/// See ``Upper``.", "/* Upper /* Upper */ Upper */", "let x = \"Upper\"",
        "let x = #\"\\(Upper)\"#",
        "let x = \"\"\"\n    Upper \"measure\"\n    \"\"\"", "let x = \"\\\"Upper\"",
        // Nor is a namesake: a member, a label, a local, a parameter, a generic parameter, a private type.
        "let x = value.measure()", "let x = Other.Upper()", "let x = call(measure: 1)",
        "func f() { let measure = 1; print(measure) }", "func f(_ measure: Int) { print(measure) }",
        "func f(at measure: Int) { print(measure) }", "func f() { for measure in 0..<3 { print(measure) } }",
        "func f<Upper: P>(_ x: Upper) {}", "private struct Upper {}\nlet x = Upper()",
        "struct X { func measure() {}; func f() { measure() } }", "struct X { enum Upper {}; let x: Upper }",
        "private struct Secret {}\nlet x = Secret()",
    ])
    func aNamesakeOrATextIsNoUse(source: String) {
        #expect(usesUp(source) == [])
    }

    @Test func aMemberDeclaredInAnotherFileOfTheTypeIsNoUse() {
        #expect(usesUp("struct X { func f() { measure() } }", beside: "extension X { func measure() {} }") == [])
        #expect(usesUp("struct X { func f() { measure() } }", beside: "extension Y { func measure() {} }").count == 1)
    }

    @Test func whatTheFolderDeclaresItselfIsNoUse() {
        #expect(usesUp("let x = Upper()", beside: "struct Upper {}") == [])
    }

    @Test func aPairOfFoldersAddedIsFound() {
        let house = House([
            "Sources/Room/One/A.swift": "struct A { let b: B }", "Sources/Room/Two/B.swift": "struct B { let a: [A] }",
        ])
        #expect(house.usesThatDoNotPointDown(in: "Room", ["One", "Two"]).map(\.name) == ["A"])
        #expect(house.usesThatDoNotPointDown(in: "Room", ["Two", "One"]).map(\.name) == ["B"])
    }

    @Test func aFolderWithoutAPlaceIsFound() {
        let house = House(["Sources/Room/One/A.swift": "struct A {}", "Sources/Room/New/B.swift": "let a = A()"])
        #expect(house.usesThatDoNotPointDown(in: "Room", ["One"]).count == 1)
    }
}
