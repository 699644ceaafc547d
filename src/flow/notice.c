/* notice.c — the tables of notice.h. */
#include "flow/notice.h"

#include <stddef.h>

const char *const outcomes[] = {
#define OUTCOME(word, climbs, help) #word,
    OUTCOMES(OUTCOME)
#undef OUTCOME
    NULL,
};

bool
outcome_climbs(int outcome)
{
	static const bool climbing[] = {
#define OUTCOME(word, climbs, help) climbs,
	    OUTCOMES(OUTCOME)
#undef OUTCOME
	};
	return climbing[outcome];
}

#define RECORD_SELF struct notice
RECORD_LAYOUT(notice, NOTICE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct consoles
RECORD_LAYOUT(consoles, CONSOLES_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct receipt
RECORD_LAYOUT(receipt, RECEIPT_KEYS)
#undef RECORD_SELF
