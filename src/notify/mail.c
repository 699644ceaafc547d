/*
 * mail.c — a notice as a mail.
 *
 * The words are in one table, a row for each language; what the ticket says stays in the language it was written in.
 */
#include "base/mem.h"
#include "base/time.h"
#include "notify/senders.h"
#include "wire/mime.h"

struct words {
	const char *language, *ticket, *priority, *customer, *why, *open_it, *take_it, *code;
};
static const struct words catalogue[] = {
    {"en", "Ticket", "Priority", "Customer", "You are told because", "The ticket", "Take it in charge", "Your code for Tocsin"},
    {"it", "Chiamata", "Priorità", "Cliente", "La ricevi perché", "La chiamata", "Prendila in carico", "Il tuo codice per Tocsin"},
    {"fr", "Ticket", "Priorité", "Client", "Vous êtes prévenu parce que", "Le ticket", "Le prendre en charge", "Votre code pour Tocsin"},
    {"sv", "Ärende", "Prioritet", "Kund", "Du får detta eftersom", "Ärendet", "Ta hand om det", "Din kod för Tocsin"},
    {"zh", "工单", "优先级", "客户", "通知您的原因", "工单", "接单", "您的 Tocsin 验证码"},
};

static const struct words *
words_of(struct str language)
{
	for (size_t i = 1; i < sizeof catalogue / sizeof *catalogue; i++)
		if (str_is(language, catalogue[i].language))
			return &catalogue[i];
	return &catalogue[0];
}

static void
write_text(const struct notice *n, const char *url, struct buf *b)
{
	const struct words *w = words_of(n->language);
	if (n->code.n) {
		buf_fmt(b, "%s: %.*s\n", w->code, STR_ARG(n->code));
		return;
	}
	buf_fmt(b, "%s %lld: %.*s\n\n", w->ticket, (long long)n->ticket, STR_ARG(n->title));
	buf_fmt(b, "%s: %.*s\n%s: %.*s\n", w->priority, STR_ARG(n->priority), w->customer, STR_ARG(n->customer_title));
	if (n->text.n)
		buf_fmt(b, "\n%.*s\n", STR_ARG(n->text));
	if (n->why.n)
		buf_fmt(b, "\n%s: %.*s\n", w->why, STR_ARG(n->why));
	buf_fmt(b, "\n%s: %s/ticket/%lld\n", n->page.n ? w->take_it : w->open_it, url, (long long)n->ticket);
}

struct letter {
	const struct sender_doors *doors;
	struct buf key;
};

static void
on_sent(void *arg, const struct smtp_result *r)
{
	struct letter *l = arg;
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
subject_of(const struct notice *n, struct arena *a)
{
	if (n->code.n)
		return str_c(words_of(n->language)->code);
	return arena_fmt(a, "[%.*s] %s %lld: %.*s", STR_ARG(n->priority), words_of(n->language)->ticket, (long long)n->ticket,
	    STR_ARG(str_to(n->title, 200)));
}

static struct str
domain_of(struct str mail)
{
	ptrdiff_t at = str_chr(mail, '@');
	return at < 0 ? STR("localhost") : str_from(mail, (size_t)at + 1);
}

static void
hand_over(const struct sender_doors *d, const struct outbox_row *row, const struct notice *n, struct arena *a)
{
	const struct conf_mail *c = &d->conf->root->mail;
	struct buf text = {0}, message = {0};
	write_text(n, d->external_url, &text);
	struct mime_address to = {.mail = n->to};
	struct str thread = arena_fmt(a, "ticket-%lld@%.*s", (long long)n->ticket, STR_ARG(domain_of(c->from)));
	struct mime_mail mail = {
	    .from = {.name = STR("Tocsin"), .mail = c->from},
	    .to = &to,
	    .to_n = 1,
	    .subject = subject_of(n, a),
	    .text = buf_view(&text),
	    .message_id = arena_fmt(a, "%.*s@%.*s", STR_ARG(row->key), STR_ARG(domain_of(c->from))),
	    .in_reply_to = thread,
	    .references = &thread,
	    .references_n = 1,
	    .date = loop_wall(d->loop),
	    .automatic = true,
	};
	mime_compose(&mail, &message);
	struct letter *l = mem_new(struct letter);
	l->doors = d;
	buf_str(&l->key, row->key);
	struct smtp_ask ask = {
	    .server = c->smarthost,
	    .tls = tls_of(c->starttls),
	    .user = c->username,
	    .password = c->password,
	    .hello = c->hello,
	    .from = c->from,
	    .to = {(struct str *)&n->to, 1},
	    .message = buf_view(&message),
	    .insecure = c->tls_config.insecure_skip_verify,
	    .timeout = c->timeout,
	};
	d->smtp->send(d->smtp, &ask, on_sent, l);
	buf_fini(&text);
	buf_fini(&message);
}

void
mail_send(const struct sender_doors *d, const struct outbox_row *row)
{
	struct arena *a = arena_create();
	struct notice n;
	struct err e;
	if (record_decode(&notice_layout, &n, row->body, a, &e) != RC_OK)
		sender_report(d, row->key, OUTCOME_failed, str_c(e.text));
	else if (!d->conf->root->mail.smarthost.n)
		sender_report(d, row->key, OUTCOME_unavailable, STR("no mail server is configured: mail.smarthost"));
	else
		hand_over(d, row, &n, a);
	arena_destroy(&a);
}
