/*
 * tls_test.c — the HTTPS server, and the HTTP and mail clients that check whom they speak to.
 */
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/must.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/listen.h"
#include "net/smtp.h"
#include "unit.h"

enum { VALID_DAYS = 3 };

/* A self-signed certificate for 127.0.0.1, and its key, as PEM. */
static void
make_certificate(char **cert, char **key)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509V3_CTX ctx;
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), VALID_DAYS * 86400);
	X509_set_pubkey(x, pair);
	X509_NAME *name = X509_get_subject_name(x);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	X509_EXTENSION *alt =
	    X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, "IP:127.0.0.1,DNS:mail.test");
	X509_add_ext(x, alt, -1);
	must(X509_sign(x, pair, EVP_sha256()) > 0);
	BIO *out = BIO_new(BIO_s_mem());
	char *p;
	PEM_write_bio_X509(out, x);
	long n = BIO_get_mem_data(out, &p);
	*cert = mem_dup(p, (size_t)n);
	(void)BIO_reset(out);
	PEM_write_bio_PrivateKey(out, pair, NULL, NULL, 0, NULL, NULL);
	n = BIO_get_mem_data(out, &p);
	*key = mem_dup(p, (size_t)n);
	BIO_free(out);
	X509_EXTENSION_free(alt);
	X509_free(x);
	EVP_PKEY_free(pair);
}

static size_t
limit(void *arg, const struct http_req *r)
{
	return 0;
}

static void
handle(void *arg, struct http_req *r)
{
	http_answer(r, 200, "text/plain", r->tls ? STR("secret") : STR("open"));
}

struct seen {
	struct loop *loop;
	enum rc rc;
	msec_t until;
	char text[ERR_TEXT];
};

static void
note(void *arg, const struct http_result *r)
{
	struct seen *s = arg;
	s->rc = r->rc;
	s->until = r->certificate_until;
	snprintf(s->text, sizeof s->text, "%.*s%s", STR_ARG(r->body), r->why);
	loop_stop(s->loop);
}

static struct seen
ask(int port, struct http_ask what)
{
	char url[64];
	struct seen s = {.loop = loop_create("test", clock_real())};
	struct http_client *client = http_client_create(s.loop, 4, NULL);
	snprintf(url, sizeof url, "https://127.0.0.1:%d/", port);
	if (!what.url.n)
		what.url = str_c(url);
	(void)http_client_door(client)->request(http_client_door(client), &what, note, &s);
	loop_run(s.loop);
	http_client_destroy(&client);
	loop_destroy(&s.loop);
	return s;
}

UNIT(https_serves_and_the_client_checks_whom_it_asks)
{
	char *cert, *key, *other_cert, *other_key;
	struct http_server *server;
	make_certificate(&cert, &key);
	make_certificate(&other_cert, &other_key);
	struct http_server_conf conf = {
	    .threads = 1, .limit = limit, .handle = handle, .cert_pem = cert, .key_pem = key};
	ck_assert_int_eq(listen_tcp(STR("127.0.0.1:0"), &conf.fd, NULL), RC_OK);
	int port = listen_port(conf.fd);
	ck_assert_int_eq(http_server_start(&server, &conf, NULL), RC_OK);

	struct seen s = ask(port, (struct http_ask){.ca_pem = str_c(cert), .want_certificate = true});
	ck_assert_msg(s.rc == RC_OK, "%s", s.text);
	ck_assert_str_eq(s.text, "secret");
	msec_t left = s.until - clock_wall(clock_real());
	ck_assert(left > (VALID_DAYS * DAY) - HOUR && left <= VALID_DAYS * DAY);
	s = ask(port, (struct http_ask){.ca_pem = str_c(other_cert)});
	ck_assert_int_eq(s.rc, RC_IO);
	s = ask(port, (struct http_ask){0});
	ck_assert_int_eq(s.rc, RC_IO);
	ck_assert_ptr_nonnull(strstr(s.text, "certificate"));
	s = ask(port, (struct http_ask){.insecure = true});
	ck_assert_int_eq(s.rc, RC_OK);
	s = ask(port, (struct http_ask){.ca_pem = str_c(cert), .server_name = STR("other.example")});
	ck_assert_int_eq(s.rc, RC_IO);

	http_server_stop(&server, 100);
	mem_free(cert);
	mem_free(key);
	mem_free(other_cert);
	mem_free(other_key);
}
END

UNIT(a_key_that_does_not_fit_is_refused_at_start)
{
	char *cert, *key, *other_cert, *other_key;
	struct http_server *server;
	struct err err = {0};
	make_certificate(&cert, &key);
	make_certificate(&other_cert, &other_key);
	struct http_server_conf conf = {
	    .threads = 1, .limit = limit, .handle = handle, .cert_pem = cert, .key_pem = "nonsense"};
	ck_assert_int_eq(listen_tcp(STR("127.0.0.1:0"), &conf.fd, NULL), RC_OK);
	ck_assert_int_eq(http_server_start(&server, &conf, &err), RC_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "certificate"));
	mem_free(cert);
	mem_free(key);
	mem_free(other_cert);
	mem_free(other_key);
}
END

    /* A mail server that speaks STARTTLS, for one session. */
    struct mail_server {
	int fd;
	SSL_CTX *tls;
	bool delivered_inside; /* the message came encrypted */
};

struct session {
	int fd;
	SSL *ssl;
};

static bool
hear_line(struct session *s, char line[256])
{
	size_t n = 0;
	while (n < 255) {
		char c;
		if ((s->ssl ? SSL_read(s->ssl, &c, 1) : (int)read(s->fd, &c, 1)) != 1)
			return false;
		if (c == '\n')
			break;
		line[n++] = c;
	}
	line[n] = '\0';
	return true;
}

static void
say_line(struct session *s, const char *line)
{
	char text[256];
	int n = snprintf(text, sizeof text, "%s\r\n", line);
	int sent = s->ssl ? SSL_write(s->ssl, text, n) : (int)write(s->fd, text, (size_t)n);
	(void)sent; /* the client may have hung up: that is what some tests want */
}

static const char *
reply_to(const char *line, bool inside)
{
	static const struct {
		const char *word, *reply;
	} replies[] = {{"EHLO", "250-stub\r\n250 STARTTLS"}, {"STARTTLS", "220 go on"}, {"DATA", "354 go on"},
	    {"QUIT", "221 bye"}};
	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
		if (strncmp(line, replies[i].word, strlen(replies[i].word)) == 0)
			return inside && i == 0 ? "250 stub" : replies[i].reply;
	return "250 ok";
}

static void *
serve_mail(void *arg)
{
	struct mail_server *m = arg;
	struct pollfd p = {.fd = m->fd, .events = POLLIN};
	struct session s = {0};
	char line[256];
	poll(&p, 1, 5000);
	s.fd = accept(m->fd, NULL, NULL);
	say_line(&s, "220 stub");
	while (hear_line(&s, line)) {
		say_line(&s, reply_to(line, s.ssl != NULL));
		if (strncmp(line, "STARTTLS", 8) == 0) {
			s.ssl = SSL_new(m->tls);
			SSL_set_fd(s.ssl, s.fd);
			if (SSL_accept(s.ssl) != 1)
				break;
		}
		if (strncmp(line, "DATA", 4) != 0)
			continue;
		while (hear_line(&s, line) && strcmp(line, ".\r") != 0)
			m->delivered_inside = s.ssl != NULL;
		say_line(&s, "250 queued");
	}
	SSL_free(s.ssl);
	close(s.fd);
	return NULL;
}

static void
note_mail(void *arg, const struct smtp_result *r)
{
	struct seen *s = arg;
	s->rc = r->rc;
	snprintf(s->text, sizeof s->text, "%.*s|%s", STR_ARG(r->reply), r->why);
	loop_stop(s->loop);
}

static struct seen
mail_through(struct mail_server *m, struct smtp_ask what)
{
	struct seen s = {.loop = loop_create("test", clock_real())};
	struct smtp_client *client = smtp_client_create(s.loop);
	struct str to = STR("one@example.org");
	char server[32];
	pthread_t thread;
	ck_assert_int_eq(listen_tcp(STR("127.0.0.1:0"), &m->fd, NULL), RC_OK);
	snprintf(server, sizeof server, "127.0.0.1:%d", listen_port(m->fd));
	must(pthread_create(&thread, NULL, serve_mail, m) == 0);
	what.server = str_c(server);
	what.from = STR("tocsin@example.org");
	what.to = (struct strs){&to, 1};
	what.message = STR("Subject: x\r\n\r\nhello\r\n");
	(void)smtp_client_door(client)->send(smtp_client_door(client), &what, note_mail, &s);
	loop_run(s.loop);
	smtp_client_destroy(&client);
	pthread_join(thread, NULL);
	close(m->fd);
	loop_destroy(&s.loop);
	return s;
}

UNIT(mail_goes_inside_tls_to_a_server_that_is_who_it_says)
{
	char *cert, *key, path[] = "/tmp/tocsin-ca-XXXXXX";
	struct mail_server m = {.tls = SSL_CTX_new(TLS_server_method())};
	make_certificate(&cert, &key);
	signal(SIGPIPE, SIG_IGN); /* who refuses our certificate closes while we still write */
	int fd = mkstemp(path);
	must(fd >= 0 && write(fd, cert, strlen(cert)) == (ssize_t)strlen(cert) &&
	     write(fd, key, strlen(key)) == (ssize_t)strlen(key));
	must(SSL_CTX_use_certificate_file(m.tls, path, SSL_FILETYPE_PEM) == 1);
	must(SSL_CTX_use_PrivateKey_file(m.tls, path, SSL_FILETYPE_PEM) == 1);

	struct seen s = mail_through(&m, (struct smtp_ask){.tls = SMTP_TLS_REQUIRED, .ca_file = str_c(path)});
	ck_assert_msg(s.rc == RC_OK, "%s", s.text);
	ck_assert(m.delivered_inside);
	s = mail_through(&m, (struct smtp_ask){.tls = SMTP_TLS_OPTIONAL, .ca_file = str_c(path)});
	ck_assert_int_eq(s.rc, RC_OK);
	ck_assert(m.delivered_inside);
	s = mail_through(&m, (struct smtp_ask){.tls = SMTP_TLS_REQUIRED});
	ck_assert_int_eq(s.rc, RC_IO);
	ck_assert_ptr_nonnull(strstr(s.text, "certificate"));
	s = mail_through(
	    &m, (struct smtp_ask){
		    .tls = SMTP_TLS_REQUIRED, .ca_pem = str_c(cert), .server_name = STR("mail.test")});
	ck_assert_msg(s.rc == RC_OK, "%s", s.text);
	s = mail_through(
	    &m, (struct smtp_ask){
		    .tls = SMTP_TLS_REQUIRED, .ca_file = str_c(path), .server_name = STR("other.test")});
	ck_assert_int_eq(s.rc, RC_IO);
	s = mail_through(&m, (struct smtp_ask){.tls = SMTP_TLS_REQUIRED, .insecure = true});
	ck_assert_int_eq(s.rc, RC_OK);
	s = mail_through(&m, (struct smtp_ask){.tls = SMTP_TLS_NONE});
	ck_assert_int_eq(s.rc, RC_OK);
	ck_assert(!m.delivered_inside);

	close(fd);
	unlink(path);
	SSL_CTX_free(m.tls);
	mem_free(cert);
	mem_free(key);
}
END
