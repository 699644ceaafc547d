/* ctl.c — finding the verb, its options, its help. */
#include "ctl/ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static void
remove_at(struct args *a, int i, int n)
{
	memmove(a->p + i, a->p + i + n, (size_t)(a->n - i - n) * sizeof *a->p);
	a->n -= n;
}

const char *
args_option(struct args *a, const char *name)
{
	size_t n = strlen(name);
	const char *value = NULL; /* the last one: a script's own can be overruled behind it */
	for (int i = 0; i < a->n;) {
		const char *s = a->p[i];
		bool named = strncmp(s, "--", 2) == 0 && strncmp(s + 2, name, n) == 0;
		if (named && s[n + 2] == '=') {
			value = s + n + 3;
			remove_at(a, i, 1);
		} else if (named && s[n + 2] == '\0' && i + 1 < a->n) {
			value = a->p[i + 1];
			remove_at(a, i, 2);
		} else {
			i++;
		}
	}
	return value;
}

bool
args_flag(struct args *a, const char *name)
{
	for (int i = 0; i < a->n; i++) {
		if (strncmp(a->p[i], "--", 2) == 0 && strcmp(a->p[i] + 2, name) == 0) {
			remove_at(a, i, 1);
			return true;
		}
	}
	return false;
}

const char *
args_word(struct args *a)
{
	for (int i = 0; i < a->n; i++) {
		if (strncmp(a->p[i], "--", 2) == 0)
			continue;
		const char *word = a->p[i];
		remove_at(a, i, 1);
		return word;
	}
	return NULL;
}

int
args_done(struct args *a, const struct verb *v)
{
	if (a->n == 0)
		return EXIT_OK;
	fprintf(stderr, "tocsin %s: \"%s\" is not understood here.\nUsage: tocsin %s %s\n", v->name, a->p[0], v->name, v->usage);
	return EXIT_USAGE;
}

static void
print_help(const struct verb *verbs)
{
	bool colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	printf("tocsin " TOCSIN_VERSION " — from the first signal to the closed ticket.\n\nUsage: tocsin VERB [ARGUMENTS]\n\n");
	for (const struct verb *v = verbs; v->name; v++)
		printf("  %s%-13s%s %s\n", colour ? "\033[1m" : "", v->name, colour ? "\033[0m" : "", v->help);
	printf("\nEvery verb has --help. What talks to the daemon takes --url (or TOCSIN_URL, default http://127.0.0.1:9797),\n"
	       "--token (or TOCSIN_TOKEN) and --json. `source <(tocsin completion)` teaches bash to complete. Exit status: 0 done, 1 failed, 2 wrong usage, 3 refused, 4 nobody answers.\n");
}

static const struct verb *
find(const struct verb *verbs, const char *name)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

static int
unknown(const struct verb *verbs, const char *name)
{
	const char *words[64];
	size_t n = 0;
	for (const struct verb *v = verbs; v->name && n < 64; v++)
		words[n++] = v->name;
	const char *near = str_nearest(str_c(name), words, n);
	fprintf(stderr, "tocsin: there is no verb \"%s\"%s%s%s (tocsin --help lists them)\n", name, near ? ": did you mean \"" : "", near ? near : "",
	    near ? "\"?" : "");
	return EXIT_USAGE;
}

/* ---- completion ---- */

/* The words of a usage line that one may type as they stand: --options, and what begins an alternative. */
static void
put_usage_words(const char *usage, struct buf *b)
{
	struct str rest = str_c(usage), word;
	bool begins = true;
	while (str_cut(&rest, ' ', &word)) {
		while (word.n && strchr("[]", word.p[0]))
			word = str_from(word, 1);
		while (word.n && strchr("[]", word.p[word.n - 1]))
			word.n--;
		bool bare = word.n && word.p[0] >= 'a' && word.p[0] <= 'z' && str_chr(word, '/') < 0;
		if (str_starts(word, STR("-")) || (begins && bare))
			buf_fmt(b, " %.*s", STR_ARG(word));
		begins = str_is(word, "|");
	}
}

static int
print_completion(const struct verb *verbs)
{
	struct buf all = {0}, cases = {0};
	for (const struct verb *v = verbs; v->name; v++) {
		buf_fmt(&all, " %s", v->name);
		buf_fmt(&cases, "\t%s) words=\"", v->name);
		put_usage_words(v->usage, &cases);
		buf_c(&cases, " --help --json --url --token\" ;;\n");
	}
	printf("_tocsin() {\n\tlocal words=\"\" here=${COMP_WORDS[COMP_CWORD]}\n\tcase ${COMP_WORDS[1]} in\n%s\tesac\n"
	       "\t[ \"$COMP_CWORD\" -eq 1 ] && words=\"%s completion --help --version\"\n"
	       "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$here\"))\n"
	       "\tcase $here in */*|.*) COMPREPLY+=($(compgen -f -- \"$here\")) ;; esac\n}\n"
	       "complete -o default -F _tocsin tocsin\n",
	    cases.p, all.p + 1);
	buf_fini(&all);
	buf_fini(&cases);
	return EXIT_OK;
}

int
ctl_run(const struct verb *verbs, int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		print_help(verbs);
		return argc < 2 ? EXIT_USAGE : EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("tocsin " TOCSIN_VERSION);
		return EXIT_OK;
	}
	if (strcmp(argv[1], "completion") == 0)
		return print_completion(verbs);
	const struct verb *v = find(verbs, argv[1]);
	if (!v)
		return unknown(verbs, argv[1]);
	struct args a = {.p = argv + 2, .n = argc - 2, .arena = arena_create()};
	if (args_flag(&a, "help")) {
		printf("Usage: tocsin %s %s\n\n%s\n", v->name, v->usage, v->help);
		arena_destroy(&a.arena);
		return EXIT_OK;
	}
	const char *url = args_option(&a, "url"), *token = args_option(&a, "token");
	a.url = url ? url : getenv("TOCSIN_URL") ? getenv("TOCSIN_URL") : "http://127.0.0.1:9797";
	a.token = token ? token : getenv("TOCSIN_TOKEN");
	a.customer = args_option(&a, "customer");
	a.json = args_flag(&a, "json");
	int status = v->run(&a);
	arena_destroy(&a.arena);
	return status;
}
