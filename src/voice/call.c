/*
 * call.c — see call.h.
 *
 * TRAP   On UDP a dead trunk shows after 32 s only: no provisional answer within PATIENCE_MS is a dead trunk.
 * TRAP   A refusal says something of the trunk (credentials, overload) or of the person (busy, declined):
 * only the first kind goes on to the next trunk.
 */
#include "voice/call.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/must.h"

enum {
	PATIENCE_MS = 5000,
	ACK_MS = 8000,
	FIRST_WORD_MS = 600, /* people lift the phone to their ear */
	PAUSE_MS = 1500,
	AFTER_PROMPT_MS = 5000,
	LAST_PAUSE_MS = 400,
	SPEECH_MS = 20 * 1000,
};

static void
emit(struct call *c, struct call_event e)
{
	e.key = c->request.key;
	e.n = ++c->events;
	e.at = clock_wall(clock_real());
	if (c->trunk)
		e.trunk = buf_view(&c->trunk->name);
	c->latest = (enum call_what)e.what;
	c->world->event(c->world->arg, &e);
}

static void
end(struct call *c, enum call_reason reason, const char *detail)
{
	if (c->state == CALL_IS_OVER)
		return;
	c->state = CALL_IS_OVER;
	emit(c, (struct call_event){.what = CALL_ENDED, .reason = (int)reason, .detail = str_c(detail)});
}

/* What libre's handlers note. */

static void
on_progress(void *arg, unsigned status)
{
	struct call *c = arg;
	if (c->state != CALL_IN_DIALING)
		return;
	if (!c->trunk_lives)
		c->due = tmr_jiffies() + (uint64_t)c->request.ring_time;
	trunk_proved(c->trunk);
	c->trunk_lives = true; /* 100 Trying says no more; some networks then search for long */
	if (status == 100)
		return;
	c->state = CALL_IN_RINGING;
	emit(c, (struct call_event){.what = CALL_RINGING});
}

static void
on_answered(void *arg)
{
	struct call *c = arg;
	if (c->state != CALL_IN_DIALING && c->state != CALL_IN_RINGING)
		return;
	c->state = CALL_IN_PROMPT;
	c->due = tmr_jiffies() + FIRST_WORD_MS;
	c->until = tmr_jiffies() + (uint64_t)c->world->answer_time;
	emit(c, (struct call_event){.what = CALL_ANSWERED});
}

static void
on_digit(void *arg, char digit)
{
	struct call *c = arg;
	if (c->state != CALL_IN_PROMPT || !memchr(c->request.keys.p, digit, c->request.keys.n))
		return;
	c->digit = digit;
	c->state = CALL_IN_RECORDING;
	c->due = tmr_jiffies() + ACK_MS;
	leg_play(c->leg, NULL);
	c->speaking = false;
	emit(c, (struct call_event){.what = CALL_DIGIT, .digit = str_n(&digit, 1)});
}

static void
on_closed(void *arg, unsigned status, const char *words)
{
	struct call *c = arg;
	c->closed = true;
	c->closed_status = status;
	snprintf(c->closed_words, sizeof c->closed_words, "%s", words);
}

static const struct leg_events leg_events = {on_progress, on_answered, on_digit, on_closed};

struct call *
call_create(struct call_world *world, const struct call_request *request, uint64_t now)
{
	struct call *c = mem_new(struct call);
	c->world = world;
	c->arena = arena_create();
	record_copy(&call_request_layout, &c->request, request, c->arena);
	c->language = language_named(c->request.language);
	c->prompt = speech_say(world->speech, c->language->voice, c->request.prompt);
	c->rounds_left = c->request.rounds;
	if (c->request.ring_time <= 0)
		c->request.ring_time = world->ring_time;
	return c;
}

void
call_destroy(struct call **pc)
{
	struct call *c = *pc;
	if (!c)
		return;
	leg_end(&c->leg);
	utterance_release(&c->prompt);
	utterance_release(&c->words);
	arena_destroy(&c->arena);
	mem_free(c);
	*pc = NULL;
}

/* The next trunk to try: those that are up in their order, then those that are not. */
static struct trunk *
next_trunk(struct call *c)
{
	struct voice_trunks all = c->world->trunks;
	for (; c->tried < 2 * all.n; c->tried++) {
		struct trunk *t = &all.p[c->tried % all.n];
		bool wanted = t->sip && trunk_is_up(t) == (c->tried < all.n);
		if (!wanted || (int64_t)t->calls >= t->conf->max_calls)
			continue;
		c->tried++;
		return t;
	}
	return NULL;
}

static void
dial(struct call *c, uint64_t now)
{
	struct err err = {0};
	c->closed = c->trunk_lives = false;
	c->closed_status = 0;
	c->trunk = next_trunk(c);
	if (!c->trunk) {
		end(c, CALL_TRUNK_DOWN,
		    c->closed_words[0] ? c->closed_words : "no trunk is there, or every line is in use");
		return;
	}
	enum rc rc = leg_dial(&c->leg, c->trunk, c->request.number, c->world->ports, &leg_events, c, &err);
	if (rc == RC_INVALID) {
		end(c, CALL_FAILED, err.text);
		return;
	}
	if (rc != RC_OK) {
		snprintf(c->closed_words, sizeof c->closed_words, "%.120s", err.text);
		return; /* the next tick tries the next trunk */
	}
	c->state = CALL_IN_DIALING;
	c->due = now + PATIENCE_MS;
}

static void
try_next_trunk(struct call *c)
{
	log_warn("voice", "trunk %s: %s; trying the next", c->trunk->name.p, c->closed_words);
	if (!c->trunk_lives && !c->closed_status)
		trunk_suspect(c->trunk, c->closed_words);
	metric_add(METRIC_voice_failovers_total, 1);
	leg_end(&c->leg);
	c->state = CALL_TO_DIAL;
}

static const struct refusal {
	unsigned status;
	enum call_reason reason;
} refusals[] = {
    {200, CALL_TRUNK_DOWN}, /* taken, but not as we must have it: without encryption */
    {401, CALL_TRUNK_DOWN},
    {403, CALL_TRUNK_DOWN},
    {407, CALL_TRUNK_DOWN},
    {408, CALL_NO_ANSWER},
    {480, CALL_NO_ANSWER},
    {486, CALL_BUSY},
    {487, CALL_NO_ANSWER},
    {500, CALL_TRUNK_DOWN},
    {502, CALL_TRUNK_DOWN},
    {503, CALL_TRUNK_DOWN},
    {504, CALL_TRUNK_DOWN},
    {600, CALL_BUSY},
    {603, CALL_DECLINED},
};

static enum call_reason
reason_of(unsigned status)
{
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
		if (refusals[i].status == status)
			return refusals[i].reason;
	return status ? CALL_FAILED : CALL_TRUNK_DOWN;
}

/* The other side has ended it. */
static void
act_on_close(struct call *c)
{
	enum call_reason reason = reason_of(c->closed_status);
	if (c->state == CALL_IN_PROMPT)
		end(c, CALL_HUNG_UP, c->closed_words);
	else if (c->state == CALL_IN_RECORDING)
		end(c, CALL_DONE, c->closed_words);
	else if (c->state == CALL_IN_LAST_WORDS)
		end(c, c->parting, c->closed_words);
	else if (reason == CALL_TRUNK_DOWN)
		try_next_trunk(c);
	else
		end(c, reason, c->closed_words);
}

/* Plays `u` once, when it is there.  True when it has been played. */
static bool
speak(struct call *c, struct utterance *u)
{
	const struct clip *clip = utterance_clip(u);
	if (!clip)
		return false;
	if (!c->speaking)
		leg_play(c->leg, clip);
	else if (!leg_is_playing(c->leg))
		return true;
	c->speaking = true;
	return false;
}

static void
tick_prompt(struct call *c, uint64_t now)
{
	if (now >= c->until || (c->rounds_left <= 0 && now >= c->due)) {
		end(c, CALL_NO_KEY, "no key was pressed");
		return;
	}
	if (now < c->due || c->rounds_left <= 0 || !speak(c, c->prompt))
		return;
	c->speaking = false;
	leg_play(c->leg, NULL);
	c->rounds_left--;
	c->due = now + (c->rounds_left ? PAUSE_MS : AFTER_PROMPT_MS);
	if (!c->heard)
		emit(c, (struct call_event){.what = CALL_HEARD});
	c->heard = true;
}

static void
last_words(struct call *c, struct str text, enum call_reason parting, uint64_t now)
{
	c->parting = parting;
	leg_play(c->leg, NULL);
	utterance_release(&c->words);
	c->words = speech_say(c->world->speech, c->language->voice, text);
	c->speaking = false;
	c->state = CALL_IN_LAST_WORDS;
	c->until = now + SPEECH_MS;
	c->due = 0;
}

static void
tick_last_words(struct call *c, uint64_t now)
{
	if (c->due == 0 && speak(c, c->words))
		c->due = now + LAST_PAUSE_MS;
	if (now >= c->until || (c->due && now >= c->due))
		end(c, c->parting, "");
}

bool
call_tick(struct call *c, uint64_t now)
{
	if (c->closed && c->leg)
		act_on_close(c);
	if (c->leg)
		leg_tick(c->leg);
	switch (c->state) {
	case CALL_TO_DIAL:
		dial(c, now);
		break;
	case CALL_IN_DIALING:
		if (now >= c->due && c->trunk_lives) {
			end(c, CALL_NO_ANSWER, "nobody answered");
		} else if (now >= c->due) {
			snprintf(c->closed_words, sizeof c->closed_words, "no answer from the trunk");
			try_next_trunk(c);
		}
		break;
	case CALL_IN_RINGING:
		if (now >= c->due)
			end(c, CALL_NO_ANSWER, "nobody answered");
		break;
	case CALL_IN_PROMPT:
		tick_prompt(c, now);
		break;
	case CALL_IN_RECORDING:
		if (now >= c->due)
			last_words(c, phrase_text(PHRASE_NOT_RECORDED, c->language), CALL_DONE, now);
		break;
	case CALL_IN_LAST_WORDS:
		tick_last_words(c, now);
		break;
	case CALL_IS_OVER:
		break;
	}
	return c->state != CALL_IS_OVER;
}

void
call_report(struct call *c)
{
	if (c->state != CALL_IS_OVER &&
	    c->latest != CALL_DIGIT) /* those are sent again by whoever keeps them */
		emit(c, (struct call_event){.what = (int)c->latest});
}

void
call_ack(struct call *c, struct str text)
{
	bool pressed = c->state == CALL_IN_RECORDING || (c->state == CALL_IN_LAST_WORDS && c->digit);
	if (!pressed)
		return;
	last_words(c, text.n ? text : phrase_text(phrase_after_key(c->digit), c->language), CALL_DONE,
	    tmr_jiffies());
}

void
call_speak(struct call *c, const struct call_say *say)
{
	if (c->state < CALL_IN_PROMPT || c->state == CALL_IS_OVER)
		return;
	if (say->hang_up) {
		last_words(c, say->text, c->digit ? CALL_DONE : CALL_NO_KEY, tmr_jiffies());
		return;
	}
	utterance_release(&c->prompt);
	c->prompt = speech_say(c->world->speech, c->language->voice, say->text);
	leg_play(c->leg, NULL);
	c->speaking = false;
	c->state = CALL_IN_PROMPT;
	c->rounds_left = c->request.rounds;
	c->due = tmr_jiffies();
	c->until = c->due + (uint64_t)c->world->answer_time;
}

void
call_cancel(struct call *c, bool politely)
{
	if (politely && c->state == CALL_IN_PROMPT)
		last_words(c, phrase_text(PHRASE_NOT_NEEDED, c->language), CALL_CANCELLED, tmr_jiffies());
	else if (!politely || (c->state != CALL_IN_RECORDING && c->state != CALL_IN_LAST_WORDS))
		end(c, CALL_CANCELLED, "");
}
