/* reference_test.c — the reference that is committed says what the tables say. */
#include "unit.h"

#include "base/os.h"
#include "main/reference.h"

UNIT(reference_is_up_to_date)
{
	struct buf now = {0}, committed = {0};
	struct err e;
	if (os_read_file("docs/configuration.md", 16 << 20, &committed, &e) != RC_OK)
		return; /* not run from the top of the tree */
	reference_print(&now);
	ck_assert_msg(str_eq(buf_view(&now), buf_view(&committed)), "docs/configuration.md is old: tocsin reference > docs/configuration.md");
	buf_fini(&now);
	buf_fini(&committed);
}
END
