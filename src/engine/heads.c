/*
 * heads.c — once a day the heads of all chains are signed and leave the machine, as ledger.head_export says: into a file
 * (that something else carries away), or as a mail.
 */
#include "base/os.h"
#include "engine/engine_impl.h"

#define MAILTO "mailto:"

static struct str
next_name(struct engine *e, struct str file)
{
	char at[TIME_TEXT];
	return arena_fmt(e->turn->arena, "%.*s.%.10s", STR_ARG(file), time_rfc3339(e->turn->now, at));
}

static void
mail_heads(struct engine *e, struct str to, struct str heads)
{
	struct turn *t = e->turn;
	struct notice n = {.to = to, .title = STR("Signed heads of the journal"), .text = heads, .language = STR("en"), .customer_title = STR("system"),
	    .why = STR("ledger.head_export names this address")};
	struct str key = arena_fmt(t->arena, "heads/%lld", (long long)t->now);
	turn_send(t, (struct send){.key = key, .channel = STR("mail"), .subject = STR("journal")}, &notice_layout, &n);
}

void
engine_sign_heads(struct engine *e)
{
	struct str where = e->conf->root->ledger.head_export;
	struct buf heads = {0};
	struct err err;
	turn_timer(e->turn, STR("heads/daily"), e->turn->now + DAY);
	if (!where.n)
		return;
	bool mail = str_starts(where, STR(MAILTO));
	enum rc rc = ledger_heads(e->ledger, arena_fmt(e->turn->arena, "%s/heads.key", e->folder).p, e->turn->now, &heads, &err);
	if (rc == RC_OK && !mail)
		rc = os_replace_file(next_name(e, where).p, buf_view(&heads), 0644, &err);
	else if (rc == RC_OK)
		mail_heads(e, str_from(where, sizeof MAILTO - 1), buf_view(&heads));
	turn_event(e->turn, EVENT_heads_signed, STR(""), STR("journal"), 0, "%s%.*s%s%s", rc == RC_OK ? "The heads of all chains were signed: " : "The heads could not be signed for ",
	    STR_ARG(where), rc == RC_OK ? "" : ": ", rc == RC_OK ? "" : err.text);
	buf_fini(&heads);
}
