/*
 * watched.h — hosts, services and the commands that check them: resources.
 *
 * A service is a check on a host.  Its check is built in (http, ping, tcp, tls), or the name of a check_command.  Only administrators
 * write command lines; who writes a service chooses one and gives arguments.
 */
#ifndef CHECK_WATCHED_H
#define CHECK_WATCHED_H

#include "flow/record.h"

#define HOST_KEYS(F)                                                                                         \
	F(STR, address, 0, 0, "", "its IP address or name in the DNS; empty: its own name")                  \
	F(STR, title, 0, 0, "", "what people call it")                                                       \
	F(STRS, parents, 0, KEY_INERT, "", "hosts on the way to it")                                         \
	F(PAIRS, labels, 0, 0, "", "labels of all its alerts and series")
RECORD(host, HOST_KEYS)

#define HTTP_CHECK_KEYS(F)                                                                                   \
	F(STR, url, 0, 0, "", "what is asked for; $HOSTADDRESS$ and $HOSTNAME$ stand for the host")          \
	F(STRS, status, 0, 0, "2xx, 3xx", "answers that are right: 200, 2xx …")                              \
	F(STR, phrase, 0, 0, "", "what must stand in the page")                                              \
	F(PAIRS, headers, 0, 0, "", "headers of the request")                                                \
	F(BOOL, follow, 0, 0, "true", "follow redirects")                                                    \
	F(BOOL, insecure, 0, 0, "", "any certificate will do")                                               \
	F(DUR, warning, 0, 0, "", "WARNING when it takes longer; 0: never")                                  \
	F(DUR, critical, 0, 0, "", "CRITICAL when it takes longer; 0: never")                                \
	F(DUR, certificate_warning, 0, 0, "", "WARNING when the certificate ends sooner; 0: never")          \
	F(DUR, certificate_critical, 0, 0, "", "CRITICAL when the certificate ends sooner; 0: never")
RECORD(http_check, HTTP_CHECK_KEYS)

#define TCP_CHECK_KEYS(F)                                                                                    \
	F(I64, port, 0, 0, "", "the port of the host")                                                       \
	F(STR, send, 0, 0, "", "what is sent first; \\n and \\r stand for line ends")                        \
	F(STR, expect, 0, 0, "", "what must stand in the first 16 KB of the answer; empty: a connection is enough") \
	F(DUR, warning, 0, 0, "", "WARNING when it takes longer; 0: never")                                  \
	F(DUR, critical, 0, 0, "", "CRITICAL when it takes longer; 0: never")
RECORD(tcp_check, TCP_CHECK_KEYS)

#define TLS_CHECK_KEYS(F)                                                                                    \
	F(I64, port, 0, 0, "443", "the port of the host")                                                    \
	F(STR, server_name, 0, 0, "", "whom the certificate must be for; empty: the host's address, or its name") \
	F(BOOL, insecure, 0, 0, "", "who signed it and whom it is for is not asked")                         \
	F(DUR, certificate_warning, 0, 0, "21d", "WARNING when the certificate ends sooner; 0: never")       \
	F(DUR, certificate_critical, 0, 0, "7d", "CRITICAL when the certificate ends sooner; 0: never")      \
	F(DUR, warning, 0, 0, "", "WARNING when it takes longer; 0: never")                                  \
	F(DUR, critical, 0, 0, "", "CRITICAL when it takes longer; 0: never")
RECORD(tls_check, TLS_CHECK_KEYS)

#define PING_CHECK_KEYS(F)                                                                                   \
	F(I64, packets, 0, 0, "3", "how many are sent, spread over the time-out, until one is answered")     \
	F(DUR, warning, 0, 0, "", "WARNING when the answer takes longer; 0: never")                          \
	F(DUR, critical, 0, 0, "", "CRITICAL when the answer takes longer; 0: never")
RECORD(ping_check, PING_CHECK_KEYS)

extern const char *const timeout_states[];
enum timeout_state { TIMEOUT_CRITICAL, TIMEOUT_UNKNOWN };

#define SERVICE_KEYS(F)                                                                                      \
	F(STR, host, 0, KEY_REQUIRED, "", "the host that it is on")                                          \
	F(STR, title, 0, 0, "", "its name on the host, as alerts and series have it; empty: its own name")   \
	F(STR, check, 0, KEY_REQUIRED, "", "what tests it: http, ping, tcp, tls, or the name of a check_command")            \
	F(STRS, args, 0, 0, "", "$ARG1$, $ARG2$ … of the command")                                           \
	F(ONE, http, http_check, 0, "", "what http asks for, and what is right")                             \
	F(ONE, tcp, tcp_check, 0, "", "what tcp connects to, and what is right")                             \
	F(ONE, tls, tls_check, 0, "", "what tls connects to, and what is right")                             \
	F(ONE, ping, ping_check, 0, "", "how ping asks")                                                     \
	F(DUR, interval, 0, 0, "5m", "how often")                                                            \
	F(DUR, retry_interval, 0, 0, "1m", "how often while a problem is soft")                              \
	F(I64, max_attempts, 0, 0, "3", "bad results in a row that make a problem hard")                     \
	F(DUR, timeout, 0, 0, "10s", "how long it may take")                                                 \
	F(ENUM, timeout_state, timeout_states, 0, "critical", "what it means when it takes longer: critical or unknown") \
	F(STR, severity, 0, 0, "", "the label severity of its alert; empty: critical, or warning when it is not CRITICAL") \
	F(PAIRS, labels, 0, 0, "", "further labels of its alert and series")
RECORD(service, SERVICE_KEYS)

#define CHECK_COMMAND_KEYS(F)                                                                                \
	F(STRS, argv, 0, KEY_REQUIRED, "",                                                                   \
	    "the program and its arguments, never read by a shell; $HOSTADDRESS$, $HOSTNAME$, "              \
	    "$SERVICEDESC$ and $ARG1$ … $ARG32$ are replaced inside each")                                   \
	F(BOOL, options, 0, 0, "", "an argument of a service may begin with a dash")
RECORD(check_command, CHECK_COMMAND_KEYS)

/* Each says whether a spec makes sense by itself; the sentence names the key. */
CHECKED enum rc host_check(const void *spec, struct err *);
CHECKED enum rc service_check(const void *spec, struct err *);
CHECKED enum rc check_command_check(const void *spec, struct err *);

/* Is `status` one of "200", "2xx" …? */
bool http_status_fits(struct strs words, int status);

#endif
