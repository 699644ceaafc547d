/*
 * source_filesystem.c — /proc/self/mounts and statvfs: how full file systems are.
 *
 * TRAP   A file system of a server that has gone answers statvfs never: those of the network are left out, since one
 *        would hold up all other figures of this machine.
 */
#include <limits.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include "base/str.h"
#include "collect/source.h"

static const char *const no_disks[] = {"autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "fusectl",
    "hugetlbfs", "iso9660", "mqueue", "nsfs", "overlay", "proc", "procfs", "pstore", "rpc_pipefs", "securityfs", "selinuxfs", "squashfs",
    "sysfs", "tracefs", "9p", "afs", "ceph", "cifs", "nfs", "nfs4", "smb3", "smbfs"};
static const struct str no_places[] = {STR_INIT("/dev"), STR_INIT("/proc"), STR_INIT("/run"), STR_INIT("/sys"), STR_INIT("/mnt"), STR_INIT("/media"),
    STR_INIT("/var/lib/docker/"), STR_INIT("/var/lib/containers/storage/")};

static bool
is_wanted(struct str place, struct str type)
{
	if (str_starts(type, STR("fuse.")))
		return false;
	for (size_t i = 0; i < sizeof no_disks / sizeof *no_disks; i++)
		if (str_is(type, no_disks[i]))
			return false;
	for (size_t i = 0; i < sizeof no_places / sizeof *no_places; i++) {
		struct str p = no_places[i], rest = str_from(place, p.n);
		if (str_starts(place, p) && (rest.n == 0 || *rest.p == '/' || p.p[p.n - 1] == '/'))
			return false;
	}
	return true;
}

/* "\040" is a blank; the kernel writes blanks, tabs, line ends and backslashes so. */
static void
unescape(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool octal = s.p[i] == '\\' && i + 3 < s.n && s.p[i + 1] >= '0' && s.p[i + 1] <= '3';
		if (octal) {
			buf_ch(b, (char)((s.p[i + 1] - '0') << 6 | (s.p[i + 2] - '0') << 3 | (s.p[i + 3] - '0')));
			i += 3;
		} else {
			buf_ch(b, s.p[i]);
		}
	}
}

static bool
has_option(struct str options, const char *option)
{
	struct str one;
	while (str_cut(&options, ',', &one))
		if (str_is(one, option))
			return true;
	return false;
}

static void
put_filesystem(struct buf *b, const char *labels, const char *path, bool readonly)
{
	struct statvfs s;
	bool ok = statvfs(path, &s) == 0;
	source_put(b, "node_filesystem_device_error", labels, !ok);
	if (!ok)
		return;
	source_put(b, "node_filesystem_size_bytes", labels, (double)s.f_blocks * (double)s.f_frsize);
	source_put(b, "node_filesystem_free_bytes", labels, (double)s.f_bfree * (double)s.f_frsize);
	source_put(b, "node_filesystem_avail_bytes", labels, (double)s.f_bavail * (double)s.f_frsize);
	source_put(b, "node_filesystem_files", labels, (double)s.f_files);
	source_put(b, "node_filesystem_files_free", labels, (double)s.f_ffree);
	source_put(b, "node_filesystem_readonly", labels, readonly);
}

/* A place that was mounted over is named twice: the last one is what is there. */
static bool
is_mounted_over(struct str rest, struct str place)
{
	struct str line, device, other;
	while (str_cut(&rest, '\n', &line))
		if (source_word(&line, &device) && source_word(&line, &other) && str_eq(other, place))
			return true;
	return false;
}

static void
read_filesystems(struct source_host *h, struct buf *b)
{
	struct str text, line, device, place, type, options;
	struct buf labels = {0}, path = {0};
	if (!source_file(h, "/proc/self/mounts", &text))
		return;
	while (str_cut(&text, '\n', &line)) {
		if (!source_word(&line, &device) || !source_word(&line, &place) || !source_word(&line, &type) || !source_word(&line, &options))
			continue;
		if (!is_wanted(place, type) || is_mounted_over(text, place))
			continue;
		buf_clear(&labels);
		buf_clear(&path);
		unescape(&path, place);
		buf_c(&labels, "device=\"");
		expo_escape(&labels, device);
		buf_c(&labels, "\",fstype=\"");
		expo_escape(&labels, type);
		buf_c(&labels, "\",mountpoint=\"");
		expo_escape(&labels, buf_view(&path));
		buf_ch(&labels, '"');
		put_filesystem(b, labels.p, path.p, has_option(options, "ro"));
	}
	buf_fini(&labels);
	buf_fini(&path);
}

const struct source filesystem_source = {"filesystem", read_filesystems, "size, space, inodes of file systems, and whether they can be written"};
