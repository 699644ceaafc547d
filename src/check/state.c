/* state.c — see state.h. */
#include "check/state.h"

#include <stddef.h>
#include <string.h>

#include "base/must.h"

const char *const check_states[] = {"ok", "warning", "critical", "unknown", NULL};

#define RECORD_SELF struct check_memory
RECORD_LAYOUT(check_memory, CHECK_MEMORY_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct check_memories
RECORD_LAYOUT(check_memories, CHECK_MEMORIES_KEYS)
#undef RECORD_SELF

static const double flap_low = 5, flap_high = 20;    /* percent */
static const double old_weight = 0.8, new_weight = 1.2;

double
check_flap_percent(const unsigned char history[FLAP_RESULTS])
{
	const double step = (new_weight - old_weight) / (FLAP_RESULTS - 2);
	double sum = 0;
	for (int i = 1; i < FLAP_RESULTS; i++)
		if (history[i] != history[i - 1])
			sum += old_weight + step * (i - 1);
	return sum * 100 / (FLAP_RESULTS - 1);
}

static void
take_history(struct check_status *s, enum check_state state)
{
	memmove(s->history, s->history + 1, FLAP_RESULTS - 1);
	s->history[FLAP_RESULTS - 1] = (unsigned char)state;
	double percent = check_flap_percent(s->history);
	s->flapping = s->flapping ? percent >= flap_low : percent > flap_high;
}

static void
take_state(struct check_status *s, enum check_state state, int64_t max_attempts, msec_t now)
{
	bool was_bad = s->state != CHECK_OK, hard_before = s->hard;
	if (!s->known || s->state != state)
		s->since = now;
	s->known = true;
	s->state = state;
	if (state == CHECK_OK) {
		s->attempt = 0;
		s->hard = true;
		return;
	}
	if (was_bad && hard_before)
		return;
	s->attempt = was_bad ? s->attempt + 1 : 1;
	s->hard = s->attempt >= max_attempts;
}

/* What people are told of follows hard states; a flapping service takes nothing back. */
static void
take_told(struct check_status *s, msec_t now)
{
	if (s->state != CHECK_OK && s->hard && !(s->told && s->told_state == s->state)) {
		s->told = true;
		s->told_state = s->state;
		s->told_since = now;
	} else if (s->state == CHECK_OK && !s->flapping) {
		s->told = false;
	}
}

bool
check_status_take(struct check_status *s, enum check_state state, int64_t max_attempts, msec_t now)
{
	struct check_status before = *s;
	take_history(s, state);
	take_state(s, state, max_attempts, now);
	take_told(s, now);
	must(s->attempt >= 0 && (s->state == CHECK_OK) == (s->attempt == 0));
	return before.known != s->known || before.state != s->state || before.hard != s->hard || before.attempt != s->attempt ||
	    before.flapping != s->flapping || before.told != s->told || before.told_state != s->told_state;
}

void
check_status_remember(const struct check_status *s, struct check_memory *m, struct arena *a)
{
	char *history = arena_alloc(a, FLAP_RESULTS);
	for (int i = 0; i < FLAP_RESULTS; i++)
		history[i] = (char)('0' + s->history[i]);
	m->state = s->state;
	m->hard = s->hard;
	m->attempt = s->attempt;
	m->since = s->since;
	m->history = str_n(history, FLAP_RESULTS);
	m->flapping = s->flapping;
	m->told = s->told;
	m->told_state = s->told_state;
	m->told_since = s->told_since;
}

void
check_status_restore(struct check_status *s, const struct check_memory *m)
{
	*s = (struct check_status){.known = true, .state = (enum check_state)m->state, .hard = m->hard, .attempt = m->attempt,
	    .since = m->since, .flapping = m->flapping, .told = m->told, .told_state = (enum check_state)m->told_state,
	    .told_since = m->told_since};
	for (size_t i = 0; i < FLAP_RESULTS && i < m->history.n; i++)
		if (m->history.p[i] > '0' && m->history.p[i] <= '3')
			s->history[i] = (unsigned char)(m->history.p[i] - '0');
	if (s->state == CHECK_OK)
		s->attempt = 0;
	else if (s->attempt < 1)
		s->attempt = 1;
}
