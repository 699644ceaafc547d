/* channels.c — see channels.h. */
#include "notify/channels.h"

static bool
look_console(const struct conf *c, struct buf *how)
{
	buf_c(how, "rings in every browser in which the person is signed in; nothing needs to be set");
	return true;
}

static bool
look_mail(const struct conf *c, struct buf *how)
{
	const struct conf_mail *m = &c->root->mail;
	if (!m->smarthost.n) {
		buf_c(how, "set mail.smarthost to the server that takes our mails, host:port, and mail.from to their sender");
		return false;
	}
	if (!m->from.n) {
		buf_c(how, "set mail.from to the sender of our mails");
		return false;
	}
	buf_fmt(how, "mail.smarthost is %.*s, mails come from %.*s", STR_ARG(m->smarthost), STR_ARG(m->from));
	return true;
}

static bool
look_call(const struct conf *c, struct buf *how)
{
	const struct conf_voice *v = &c->root->voice;
	if (!v->trunks.n) {
		buf_c(how, "set voice.trunks to a SIP account, with name, proxy and, where there is a registration, registrar, user and password");
		return false;
	}
	buf_fmt(how, "voice.trunks has %zu, the first is %.*s", v->trunks.n, STR_ARG(v->trunks.p[0].name));
	return true;
}

static bool
look_sms(const struct conf *c, struct buf *how)
{
	const struct conf_sms *s = &c->root->sms;
	if (!s->gateways.n) {
		buf_c(how, "set sms.gateways to a provider's HTTP address, with name and url, and body where it wants one");
		return false;
	}
	buf_fmt(how, "sms.gateways has %zu, the first is %.*s", s->gateways.n, STR_ARG(s->gateways.p[0].name));
	return true;
}

static bool
look_webhook(const struct conf *c, struct buf *how)
{
	buf_c(how, "posts JSON to the URL of the person's own ladder; nothing needs to be set");
	return true;
}

static const struct {
	bool (*look)(const struct conf *, struct buf *);
	const char *key;
} table[] = {
    [CHANNEL_CONSOLE] = {look_console, ""},
    [CHANNEL_MAIL] = {look_mail, "mail.smarthost"},
    [CHANNEL_CALL] = {look_call, "voice.trunks"},
    [CHANNEL_SMS] = {look_sms, "sms.gateways"},
    [CHANNEL_WEBHOOK] = {look_webhook, ""},
};

bool
channel_look(const struct conf *c, enum channel channel, struct buf *how)
{
	return table[channel].look(c, how);
}

int
channel_of(struct str word)
{
	for (int i = 0; channels[i]; i++)
		if (str_is(word, channels[i]))
			return i;
	return -1;
}

const char *
channel_key(enum channel c)
{
	return table[c].key;
}
