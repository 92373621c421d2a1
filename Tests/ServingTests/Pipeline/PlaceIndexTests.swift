import Domain
import Testing

@testable import Serving

@Suite struct PlaceIndexTests {
    @Test(arguments: [0, 1, 7, 8, 9, 300, 5000])
    func numbersAreThoseOfADictionary(count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        // Neighbours, multiples of powers of two, the last place, and chance: each in turn.
        let places = (0..<count).map { number -> Int32 in
            switch number % 4 {
            case 0: Int32(number)
            case 1: Int32(truncatingIfNeeded: number << 16) & .max
            case 2: .max - Int32(number / 8)
            default: Int32.random(in: 0...Int32(max(1, count)), using: &generator)
            }
        }
        var index = PlaceIndex(capacity: count)
        var numbers: [Int32: Int] = [:]
        for place in places {
            let known = numbers[place]
            let (number, isNew) = index.number(of: place)
            #expect(isNew == (known == nil) && number == known ?? numbers.count)
            numbers[place] = number
        }
        #expect(index.count == numbers.count)
    }

    @Test(
        arguments: [
            0, 0.5e-6, 1.5e-6, -0.5e-6, -2.5e-6, 0.49999997e-6, 0.1, 0.7, -0.333, 1, 17.25, -100, 2000,
        ] as [Float])
    func millionthsAreRoundedAsFloatsAre(value: Float) {
        #expect(BlendedScore.millionths(value) == Int32((value * 1_000_000).rounded()))
    }
}
