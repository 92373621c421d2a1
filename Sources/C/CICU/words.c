#include "CICU.h"

#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>

// A marquee_breaks is ICU's UBreakIterator under a name that needs no ICU header.

marquee_breaks *marquee_breaks_open(const uint16_t *rules, int32_t length) {
    UErrorCode status = U_ZERO_ERROR;
    UParseError error;
    UBreakIterator *breaks = ubrk_openRules((const UChar *)rules, length, NULL, 0, &error, &status);
    return U_SUCCESS(status) ? (marquee_breaks *)breaks : NULL;
}

void marquee_breaks_close(marquee_breaks *breaks) { ubrk_close((UBreakIterator *)breaks); }

void marquee_breaks_set_text(marquee_breaks *breaks, const uint16_t *text, int32_t length) {
    static const UChar none[1] = {0};
    UErrorCode status = U_ZERO_ERROR;
    // Fails for a negative length only.
    ubrk_setText((UBreakIterator *)breaks, text ? (const UChar *)text : none, text ? length : 0, &status);
    ubrk_first((UBreakIterator *)breaks);
}

int32_t marquee_breaks_next(marquee_breaks *breaks) {
    int32_t boundary = ubrk_next((UBreakIterator *)breaks);
    return boundary == UBRK_DONE ? -1 : boundary;
}

uint32_t marquee_lowercase(uint32_t character) { return (uint32_t)u_tolower((UChar32)character); }

bool marquee_makes_word(uint32_t character) {
    UChar32 c = (UChar32)character;
    switch (u_getIntPropertyValue(c, UCHAR_WORD_BREAK)) {
    case U_WB_ALETTER:
    case U_WB_HEBREW_LETTER:
    case U_WB_NUMERIC:
    case U_WB_KATAKANA:
        return true;
    default:
        break;
    }
    switch (u_getIntPropertyValue(c, UCHAR_SCRIPT)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
        return true;
    default:
        break;
    }
    const UChar32 keycap = 0x20E3;
    return u_getIntPropertyValue(c, UCHAR_LINE_BREAK) == U_LB_COMPLEX_CONTEXT
        || u_hasBinaryProperty(c, UCHAR_EXTENDED_PICTOGRAPHIC) || c == keycap;
}

bool marquee_is_regional_indicator(uint32_t character) {
    return u_hasBinaryProperty((UChar32)character, UCHAR_REGIONAL_INDICATOR);
}
