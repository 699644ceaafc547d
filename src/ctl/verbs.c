/* verbs.c — the table of what the command line can do. */
#include "ctl/verbs.h"

#include <stdio.h>
#include <string.h>

/* The usage is read by the shell's completion too: --options, and the bare words that begin an alternative. */
const struct verb ctl_verbs[] = {
    {"alert", "list | NAME [label=value …] [--summary TEXT] [--resolve] [--customer NAME]", "Lists alerts, raises one, or says that it is over.",
	verb_alert},
    {"apply", "-f FILE|DIR [--dry-run]", "Sets people and agreements from YAML, all in one go.", verb_apply},
    {"backup", "--data DIR --to FILE", "Writes a consistent copy of the ledger, also while the daemon runs.", verb_backup},
    {"drill", "[--to USER] [--by CHANNEL] [--wait]", "Sends a harmless alert through the whole chain, and says how far it came.", verb_drill},
    {"explain", "ticket/NUMBER | alert/FINGERPRINT", "Prints the chain of decisions, each with its reason.", verb_explain},
    {"export", "[--kind KIND]", "Prints people and agreements as YAML that apply takes.", verb_export},
    {"oncall", "", "Says who is on call now, until when, and why.", verb_oncall},
    {"query", "EXPRESSION [--time TIME] [--last DURATION --step DURATION] [--customer NAME] | summary SELECTOR [--spans day,month] [--time TIME]",
	"Asks the store of samples, at a time or over a range; sums up hour, day, week, month and year beside the period before.",
	verb_query},
    {"restore", "--data DIR --from FILE", "Puts a copy of the ledger back; the daemon must be stopped.", verb_restore},
    {"rules", "check FILE … | test FILE … | replay [--rules FILE] [--from TIME|SPAN] [--to TIME] [--only ALERT] [--nobody-answers] | suggest [--days N]",
	"Checks files of rules, runs their unit tests (promtool's files), replays rules over stored history, says which are worth a look.", verb_rules},
    {"silence", "list | add LABEL=VALUE … --for DURATION --comment TEXT [--customer NAME] | expire ID", "Lists, makes and ends silences.", verb_silence},
    {"ticket",
	"list [--state STATE] [--customer NAME] | show N | open CUSTOMER TITLE [--type PROBLEM_TYPE] | take N | assign N USER | message N TEXT "
	"[--audience customer] | suspend N process|customer|supplier [--until TIME] [--text TEXT] | resume N | escalate N | priority N PRIORITY | "
	"accept N | reject N TEXT | close N TEXT",
	"Lists, shows and changes tickets.", verb_ticket},
    {"tsdb",
	"analyze [--customer NAME] | verify --data DIR | snapshot [--skip-head] | restore --data DIR --from SNAPSHOT | "
	"export [SELECTOR] [--from TIME|SPAN] [--to TIME] [--customer NAME] | import FILE|DIR … --data DIR --customer NAME | "
	"delete SELECTOR [--from TIME|SPAN] [--to TIME] [--customer NAME] | clean | compact",
	"Works on the store of samples: what makes it grow, whether its files are good, copies, OpenMetrics text, blocks of a Prometheus.", verb_tsdb},
    {"verify", "--data DIR | --ledger URL [--heads FILE] [--sign FILE]", "Proves that the journal is what it was, or names the first bad row.", verb_verify},
    {NULL, NULL, NULL, NULL},
};

const struct verb *
verb_self(const char *name)
{
	const struct verb *v = ctl_verbs;
	while (strcmp(v->name, name) != 0)
		v++;
	return v;
}

int
verb_usage(const char *name)
{
	fprintf(stderr, "Usage: tocsin %s %s\n", name, verb_self(name)->usage);
	return EXIT_USAGE;
}
