extension WordBreaker {
    /// UAX #29, "Default Word Boundary Specification" (table 3a and rules WB3 to WB16), in the rule language of ICU's
    /// RuleBasedBreakIterator. `!!chain` lets the last character of one rule be the first of another; `X` after a
    /// class is rule WB4, "skip Extend, Format and ZWJ". No set is called `$dictionary`, which is what keeps ICU from
    /// consulting its dictionaries. Lucene's own, beyond the annex: a Hebrew letter and its quote go on into digits.
    static let rules = #"""
        !!chain;
        !!quoted_literals_only;

        $CR = [\p{Word_Break = CR}];
        $LF = [\p{Word_Break = LF}];
        $Newline = [\p{Word_Break = Newline}];
        $ZWJ = [\p{Word_Break = ZWJ}];
        $Skip = [\p{Word_Break = Extend} \p{Word_Break = Format} $ZWJ];
        $Pictographic = [\p{Extended_Pictographic}];

        $SouthEastAsian = [\p{Line_Break = Complex_Context}];
        $Letter = [\p{Word_Break = ALetter} \p{Word_Break = Hebrew_Letter}];
        $Digit = [\p{Word_Break = Numeric} \uFF10-\uFF19];

        $X = $Skip*;
        $AHLetter = $Letter $X;
        $Hebrew = [\p{Word_Break = Hebrew_Letter}] $X;
        $Numeric = $Digit $X;
        $Katakana = [\p{Word_Break = Katakana}] $X;
        $ExtendNumLet = [\p{Word_Break = ExtendNumLet}] $X;
        $SingleQuote = [\p{Word_Break = Single_Quote}] $X;
        $DoubleQuote = [\p{Word_Break = Double_Quote}] $X;
        $MidLetter = [\p{Word_Break = MidLetter} \p{Word_Break = MidNumLet} \p{Word_Break = Single_Quote}] $X;
        $MidNum = [\p{Word_Break = MidNum} \p{Word_Break = MidNumLet} \p{Word_Break = Single_Quote}] $X;
        $Flag = [\p{Word_Break = Regional_Indicator}] $X;
        $SA = $SouthEastAsian $X;

        $CR $LF;
        $ZWJ $Pictographic;
        [^$CR $LF $Newline]? $Skip+;

        $AHLetter $AHLetter;
        $AHLetter $MidLetter $AHLetter;
        $Hebrew $SingleQuote;
        $Hebrew $SingleQuote $Numeric;
        $Hebrew $SingleQuote $ExtendNumLet;
        $Hebrew $DoubleQuote $Hebrew;
        $Numeric $Numeric;
        $AHLetter $Numeric;
        $Numeric $AHLetter;
        $Numeric $MidNum $Numeric;
        $Katakana $Katakana;
        $AHLetter $ExtendNumLet;
        $Numeric $ExtendNumLet;
        $Katakana $ExtendNumLet;
        $ExtendNumLet $ExtendNumLet;
        $ExtendNumLet $AHLetter;
        $ExtendNumLet $Numeric;
        $ExtendNumLet $Katakana;
        ^$Flag $Flag;
        $SA $SA;
        .;
        """#
}
