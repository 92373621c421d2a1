// The door to libicu: word boundaries and the character properties that go with them.
//
// Not a system-library target like the others: Foundation has an ICU of its own, and a Swift module that sees the
// headers of both does not compile. So ICU's headers are seen by words.c alone, and no ICU type is named here.
#ifndef CICU_H
#define CICU_H

#include <stdbool.h>
#include <stdint.h>

typedef struct marquee_breaks marquee_breaks;

/// An iterator over the boundaries that `rules` describe, in the language of ICU's RuleBasedBreakIterator.
/// NULL if ICU cannot make sense of them or has no memory. Close it with marquee_breaks_close.
marquee_breaks *marquee_breaks_open(const uint16_t *rules, int32_t length);
void marquee_breaks_close(marquee_breaks *breaks);

/// Starts over with another text, which is not copied: it must live until the next text is set.
void marquee_breaks_set_text(marquee_breaks *breaks, const uint16_t *text, int32_t length);

/// The next boundary after the last one returned (at first: after 0), or −1 at the end of the text.
int32_t marquee_breaks_next(marquee_breaks *breaks);

/// The simple, one-to-one lower case of Unicode, which is what Java's Character.toLowerCase gives.
uint32_t marquee_lowercase(uint32_t character);

/// Whether a word may consist of this character alone: a letter, digit, katakana, hiragana or ideograph, a letter of a
/// script written without spaces, or an emoji. Properties of UAX #29, #24, #14 and UTS #51.
bool marquee_makes_word(uint32_t character);

/// Whether two of these in a row are a flag.
bool marquee_is_regional_indicator(uint32_t character);

#endif
