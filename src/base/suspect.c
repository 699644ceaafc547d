/*
 * suspect.c — see suspect.h.
 *
 * [S1]   Slots are written by their own thread alone, and by the keeper when their process is gone; what is known is
 *        written by the keeper alone, apart from being forgotten, which is one number becoming 0.
 */
#include "base/suspect.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/must.h"

enum { SLOTS = 512, ROLES = 8, BUILD = 32 };

struct slot {
	_Atomic int pid; /* whose; 0: free */
	char role[16];
	_Atomic uint64_t print; /* 0: at nothing */
	atomic_bool guilty;
	char what[SUSPECT_WHAT];
};

struct page {
	char build[BUILD];
	_Atomic uint64_t changes;
	struct {
		char name[16];
		atomic_bool crashed;
	} roles[ROLES];
	struct slot slots[SLOTS];
	struct known {
		_Atomic uint64_t print; /* 0: free */
		_Atomic int deaths;
		msec_t last;
		char role[16], what[SUSPECT_WHAT];
	} known[SUSPECTS_MAX];
};

static struct page *page;
static const char *my_role = "";
static _Thread_local struct slot *mine;
static pthread_key_t thread_end;

/* ---- the page ---- */

static void
give_back(void *slot)
{
	struct slot *s = slot;
	s->print = 0;
	s->pid = 0;
}

enum rc
suspect_share(const char *path, const char *build, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof *page) != 0) {
		err_errno(e, "%s", path);
		if (fd >= 0)
			close(fd);
		return e->rc;
	}
	void *p = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return err_errno(e, "%s", path);
	page = p;
	if (strncmp(page->build, build, BUILD - 1) != 0) {
		memset(page, 0, sizeof *page);
		snprintf(page->build, BUILD, "%s", build);
	}
	memset(page->slots, 0, sizeof page->slots); /* theirs died with the machine, or with the keeper */
	must(pthread_key_create(&thread_end, give_back) == 0);
	return RC_OK;
}

void
suspect_role(const char *name)
{
	my_role = name;
	mine = NULL;
}

/* ---- threads ---- */

static struct slot *
own_slot(void)
{
	int pid = getpid();
	for (int i = 0; i < SLOTS && !mine; i++) {
		int nobody = 0;
		if (!atomic_compare_exchange_strong(&page->slots[i].pid, &nobody, pid))
			continue;
		mine = &page->slots[i];
		mine->print = 0;
		mine->guilty = false;
		snprintf(mine->role, sizeof mine->role, "%s", my_role);
		pthread_setspecific(thread_end, mine);
	}
	return mine; /* NULL: there are too many of us, and this one is not watched */
}

void
suspect_begin(uint64_t print, const char *what, ...)
{
	struct slot *s = page ? (mine ? mine : own_slot()) : NULL;
	if (!s)
		return;
	va_list ap;
	va_start(ap, what);
	s->print = 0;
	vsnprintf(s->what, sizeof s->what, what, ap);
	va_end(ap);
	s->print = print ? print : 1;
}

void
suspect_end(void)
{
	if (mine)
		mine->print = 0;
}

void
suspect_guilty(void)
{
	if (mine)
		mine->guilty = true;
}

/* ---- what is known ---- */

static struct known *
find(uint64_t print)
{
	for (int i = 0; page && i < SUSPECTS_MAX; i++)
		if (page->known[i].print == print)
			return &page->known[i];
	return NULL;
}

bool
suspect_barred(uint64_t print)
{
	struct known *k = find(print ? print : 1);
	return k && k->deaths >= SUSPECT_DEATHS;
}

/* A free place, else that of who killed once only, longest ago. */
static struct known *
place(void)
{
	struct known *oldest = NULL;
	for (int i = 0; i < SUSPECTS_MAX; i++) {
		struct known *k = &page->known[i];
		if (!k->print)
			return k;
		if (k->deaths < SUSPECT_DEATHS && (!oldest || k->last < oldest->last))
			oldest = k;
	}
	return oldest;
}

static void
count(const struct slot *s, const char *role, msec_t now)
{
	struct known *k = find(s->print);
	if (!k) {
		k = place();
		if (!k)
			return;
		k->print = 0;
		k->deaths = 0;
		snprintf(k->role, sizeof k->role, "%s", role);
		snprintf(k->what, sizeof k->what, "%s", s->what);
		k->print = s->print;
	}
	k->last = now;
	if (++k->deaths == SUSPECT_DEATHS)
		page->changes++;
}

static atomic_bool *
crashed_of(const char *role)
{
	for (int i = 0; i < ROLES; i++) {
		if (page->roles[i].name[0] && strcmp(page->roles[i].name, role) != 0)
			continue;
		snprintf(page->roles[i].name, sizeof page->roles[i].name, "%s", role);
		return &page->roles[i].crashed;
	}
	panic("more roles than places");
}

/* One that says that it was guilty is alone in it; a stack that ran over lets nobody say so. */
void
suspect_died(const char *role, bool crashed, msec_t now)
{
	bool confessed = false;
	if (!page)
		return;
	for (int i = 0; i < SLOTS; i++)
		confessed |= page->slots[i].guilty && strcmp(page->slots[i].role, role) == 0;
	for (int i = 0; i < SLOTS; i++) {
		struct slot *s = &page->slots[i];
		if (!s->pid || strcmp(s->role, role) != 0)
			continue;
		if (crashed && s->print && (s->guilty || !confessed))
			count(s, role, now);
		s->guilty = false;
		give_back(s);
	}
	*crashed_of(role) = crashed;
}

bool
suspect_after_crash(void)
{
	return page && *crashed_of(my_role);
}

size_t
suspect_list(struct suspect out[SUSPECTS_MAX])
{
	size_t n = 0;
	for (int i = 0; page && i < SUSPECTS_MAX; i++) {
		const struct known *k = &page->known[i];
		if (!k->print)
			continue;
		struct suspect *s = &out[n++];
		*s = (struct suspect){.print = k->print, .deaths = k->deaths, .last = k->last};
		memcpy(s->role, k->role, sizeof s->role);
		memcpy(s->what, k->what, sizeof s->what);
	}
	return n;
}

uint64_t
suspect_changes(void)
{
	return page ? page->changes : 0;
}

bool
suspect_forget(uint64_t print)
{
	struct known *k = find(print);
	if (!k || !print)
		return false;
	k->print = 0;
	page->changes++;
	return true;
}
