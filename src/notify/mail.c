/*
 * mail.c — a notice as a mail.  Its words are letter.c's.
 */
#include "base/mem.h"
#include "base/time.h"
#include "net/http_conf.h"
#include "notify/letter.h"
#include "notify/senders.h"
#include "wire/mime.h"

struct posted {
	const struct sender_doors *doors;
	struct buf key;
};

static void
on_sent(void *arg, const struct smtp_result *r)
{
	struct posted *l = arg;
	struct str said = r->reply.n ? r->reply : str_c(r->why);
	sender_report(l->doors, buf_view(&l->key), r->rc == RC_OK ? OUTCOME_handed_over : OUTCOME_failed, said);
	buf_fini(&l->key);
	mem_free(l);
}

static enum smtp_tls
tls_of(int starttls)
{
	static const enum smtp_tls map[] = {[STARTTLS_REQUIRED] = SMTP_TLS_REQUIRED, [STARTTLS_WANTED] = SMTP_TLS_OPTIONAL,
	    [STARTTLS_NEVER] = SMTP_TLS_NONE, [STARTTLS_IMPLICIT] = SMTP_TLS_IMPLICIT};
	return map[starttls];
}

static struct str
domain_of(struct str mail)
{
	ptrdiff_t at = str_chr(mail, '@');
	return at < 0 ? STR("localhost") : str_from(mail, (size_t)at + 1);
}

/* In-Reply-To is the ticket itself: what is written about it is one thread, whoever reads it from which mail on. */
static void
compose(const struct sender_doors *d, const struct outbox_row *row, const struct notice *n, struct arena *a, struct buf *out)
{
	const struct conf_mail *c = &d->conf->root->mail;
	struct buf subject = {0}, text = {0};
	struct mime_address to = {.mail = n->to};
	struct str thread = arena_fmt(a, "ticket-%lld@%.*s", (long long)n->ticket, STR_ARG(domain_of(c->from)));
	letter_subject(n, &subject);
	letter_body(n, d->external_url, &text);
	struct mime_mail mail = {
	    .from = {.name = STR("Tocsin"), .mail = c->from},
	    .to = &to,
	    .to_n = 1,
	    .reply_to = c->reply_to,
	    .subject = buf_view(&subject),
	    .text = buf_view(&text),
	    .message_id = arena_fmt(a, "%.*s@%.*s", STR_ARG(row->key), STR_ARG(domain_of(c->from))),
	    .in_reply_to = thread,
	    .references = &thread,
	    .references_n = 1,
	    .date = loop_wall(d->loop),
	    .automatic = true,
	};
	mime_compose(&mail, out);
	buf_fini(&subject);
	buf_fini(&text);
}

static enum rc
hand_over(const struct sender_doors *d, const struct outbox_row *row, const struct notice *n, struct arena *a, struct err *e)
{
	const struct conf_mail *c = &d->conf->root->mail;
	struct str password;
	enum rc rc = conf_secret(c->password, c->password_file, a, &password, e);
	if (rc != RC_OK)
		return rc;
	struct buf message = {0};
	compose(d, row, n, a, &message);
	struct posted *l = mem_new(struct posted);
	l->doors = d;
	buf_str(&l->key, row->key);
	struct smtp_ask ask = {
	    .server = c->smarthost,
	    .tls = tls_of(c->starttls),
	    .user = c->username,
	    .password = password,
	    .hello = c->hello,
	    .from = c->from,
	    .to = {(struct str *)&n->to, 1},
	    .message = buf_view(&message),
	    .timeout = c->timeout,
	};
	smtp_conf_tls(&c->tls_config, &ask);
	d->smtp->send(d->smtp, &ask, on_sent, l);
	buf_fini(&message);
	return RC_OK;
}

void
mail_send(const struct sender_doors *d, const struct outbox_row *row)
{
	struct arena *a = arena_create();
	struct notice n;
	struct err e;
	enum rc rc = record_decode(&notice_layout, &n, row->body, a, &e);
	if (rc == RC_OK && !d->conf->root->mail.smarthost.n)
		sender_report(d, row->key, OUTCOME_unavailable, STR("no mail server is configured: mail.smarthost"));
	else if (rc != RC_OK || hand_over(d, row, &n, a, &e) != RC_OK)
		sender_report(d, row->key, OUTCOME_failed, str_c(e.text));
	arena_destroy(&a);
}
