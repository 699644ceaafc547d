/* machine_test.c — what /proc and /sys say becomes series; a strange machine harms nothing. */
#include "unit.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/os.h"
#include "collect/machine.h"

static char root[64];

static void
put(const char *path, const char *text)
{
	struct err e;
	char full[300];
	snprintf(full, sizeof full, "%s%s", root, path);
	for (char *p = full + 1; *p; p++)
		if (*p == '/') {
			*p = '\0';
			mkdir(full, 0755);
			*p = '/';
		}
	ck_assert_int_eq(os_replace_file(full, str_c(text), 0644, &e), RC_OK);
}

static void
begin(void)
{
	snprintf(root, sizeof root, "/tmp/machine-test-XXXXXX");
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static void
end(void)
{
	unit_remove(root);
}

static void
page_of(struct buf *b)
{
	struct machine *m = machine_create(&(struct machine_house){.root = root});
	machine_units(m, STR("broken.service loaded failed failed Something \"broken\"\nodd\\x2dname.service loaded failed failed -\n"));
	buf_clear(b);
	machine_page(m, 1234567, b);
	machine_destroy(&m);
}

static void
wants(const struct buf *b, const char *line)
{
	ck_assert_msg(str_has(buf_view(b), str_c(line)), "%s is not in\n%s", line, b->p ? b->p : "");
}

static void
lacks(const struct buf *b, const char *word)
{
	ck_assert_msg(!str_has(buf_view(b), str_c(word)), "%s is in\n%s", word, b->p ? b->p : "");
}

UNIT(files_become_series)
{
	struct buf b = {0};
	begin();
	put("/proc/stat", "cpu  1 2 3\ncpu0 100 205 3 4 5 6 7 8 9 10\nintr 77 1 2 3\nctxt 5\nbtime 1700000000\nprocesses 9\nprocs_running 2\nprocs_blocked 0\n");
	put("/proc/meminfo", "MemTotal:       16 kB\nActive(anon):    2 kB\nHugePages_Total:       3\n");
	put("/proc/vmstat", "oom_kill 4\nnr_dirty 8\npgmajfault 5\n");
	put("/proc/diskstats", "  8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n 8 1 sda1 1 1 1 1 1 1 1 1 1 1 1\n 259 1 nvme0n1p2 1\n 259 0 nvme0n1 7\n 7 0 loop0 1\n");
	put("/proc/net/dev", "Inter-| x\n face | y\n    lo: 1 1\n  eth0:12 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n");
	put("/sys/class/net/eth0/operstate", "up\n");
	put("/proc/loadavg", "0.25 1.50 2 1/100 5\n");
	put("/proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\nfull avg10=0.00 total=7\n");
	put("/proc/sys/fs/file-nr", "10\t0\t9223372036854775807\n");
	put("/sys/class/hwmon/hwmon0/name", "Core Temp\n");
	put("/sys/class/hwmon/hwmon0/temp1_input", "45500\n");
	put("/sys/class/hwmon/hwmon0/temp1_crit", "100000\n");
	put("/run/systemd/system/x", "");
	put("/sys/fs/cgroup/system.slice/ssh.service/cgroup.procs", "");
	page_of(&b);
	wants(&b, "node_cpu_seconds_total{cpu=\"0\",mode=\"nice\"} 2.05\n");
	wants(&b, "node_cpu_guest_seconds_total{cpu=\"0\",mode=\"nice\"} 0.10\n");
	wants(&b, "node_intr_total 77\n");
	wants(&b, "node_boot_time_seconds 1700000000\n");
	wants(&b, "node_memory_MemTotal_bytes 16384\n");
	wants(&b, "node_memory_Active_anon_bytes 2048\n");
	wants(&b, "node_memory_HugePages_Total 3\n");
	wants(&b, "node_vmstat_oom_kill 4\n");
	lacks(&b, "nr_dirty");
	wants(&b, "node_disk_read_bytes_total{device=\"sda\"} 1536\n");
	wants(&b, "node_disk_io_time_weighted_seconds_total{device=\"sda\"} 0.011\n");
	wants(&b, "node_disk_reads_completed_total{device=\"nvme0n1\"} 7\n");
	lacks(&b, "node_disk_discards_completed_total"); /* an old kernel */
	lacks(&b, "sda1");
	lacks(&b, "nvme0n1p2");
	lacks(&b, "loop0");
	wants(&b, "node_network_transmit_colls_total{device=\"eth0\"} 15\n");
	lacks(&b, "\"lo\"");
	wants(&b, "node_network_up{device=\"eth0\"} 1\n");
	wants(&b, "node_load5 1.5\n");
	wants(&b, "node_pressure_memory_waiting_seconds_total 1.500000\n");
	wants(&b, "node_filefd_maximum 9223372036854776000\n");
	wants(&b, "node_hwmon_temp_celsius{chip=\"core_temp\",sensor=\"temp1\"} 45.5\n");
	wants(&b, "node_hwmon_temp_crit_celsius{chip=\"core_temp\",sensor=\"temp1\"} 100\n");
	wants(&b, "node_systemd_unit_state{name=\"ssh.service\",state=\"active\"} 1\n");
	wants(&b, "node_systemd_unit_state{name=\"broken.service\",state=\"failed\"} 1\n");
	wants(&b, "node_systemd_unit_state{name=\"odd\\\\x2dname.service\",state=\"failed\"} 1\n");
	wants(&b, "node_time_seconds 1234.567\n");
	buf_fini(&b);
	end();
}
END

UNIT(mounts_are_unescaped_and_the_network_is_left_out)
{
	struct buf b = {0};
	begin();
	put("/proc/self/mounts", "/dev/sda / ext4 rw,relatime 0 0\n/dev/sdb /a\\040b\\134c xfs ro 0 0\nserver:/x /srv nfs4 rw 0 0\nfs /fuse fuse.sshfs rw 0 0\n"
				 "proc /proc proc rw 0 0\n/dev/sdc /runs ext4 rw 0 0\n/dev/sdd /run/x ext4 rw 0 0\nold /tmp ext4 ro 0 0\nnew /tmp tmpfs rw 0 0\n");
	page_of(&b);
	wants(&b, "node_filesystem_readonly{device=\"/dev/sda\",fstype=\"ext4\",mountpoint=\"/\"} 0\n");
	wants(&b, "node_filesystem_device_error{device=\"/dev/sdb\",fstype=\"xfs\",mountpoint=\"/a b\\\\c\"} 1\n"); /* nothing is there */
	wants(&b, "mountpoint=\"/runs\"");
	lacks(&b, "nfs4");
	lacks(&b, "sshfs");
	lacks(&b, "/run/x");
	wants(&b, "device=\"new\"");
	lacks(&b, "device=\"old\"");
	buf_fini(&b);
	end();
}
END

UNIT(a_strange_machine_harms_nothing)
{
	static const char *const files[] = {"/proc/stat", "/proc/meminfo", "/proc/vmstat", "/proc/diskstats", "/proc/net/dev", "/proc/self/mounts", "/proc/loadavg",
	    "/proc/pressure/cpu", "/proc/sys/fs/file-nr"};
	static const char *const texts[] = {"", "\n\n", "cpu", "cpu0\nintr\n: :\n", "some total=\n", "a b c d e f g", "\\0 \\040 \\ ro\n", "99999999999999999999999 -1 nan"};
	struct buf b = {0};
	begin();
	page_of(&b); /* nothing is there */
	lacks(&b, "node_load1");
	for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
		for (size_t i = 0; i < sizeof files / sizeof *files; i++)
			put(files[i], texts[t]);
		page_of(&b);
	}
	buf_fini(&b);
	end();
}
END

static double
cpu_ms(void)
{
	struct rusage r;
	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000 + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1000;
}

/* Every figure of this machine in the store; what a pass costs is printed where somebody wants to know (UNIT_VERBOSE). */
UNIT(a_pass_is_stored_and_cheap)
{
	enum { PASSES = 200 };
	struct tsdb *db;
	struct tsdb_state s;
	struct err e;
	begin();
	struct clock *clock = clock_virtual_create(1000 * SECOND);
	struct tsdb_options o = {.dir = root, .clock = clock, .sync_every = 200};
	ck_assert_int_eq(tsdb_open(&o, &db, &e), RC_OK);
	struct machine *m = machine_create(&(struct machine_house){.tsdb = db, .root = ""});
	machine_pass(m, 1000 * SECOND);
	tsdb_state(db, &s);
	ck_assert_uint_gt(s.series, 50);
	double before = cpu_ms();
	for (int i = 1; i <= PASSES; i++)
		machine_pass(m, (1000 + 15 * i) * SECOND);
	double each = (cpu_ms() - before) / PASSES;
	if (getenv("UNIT_VERBOSE"))
		printf("%zu series, %.3f ms of CPU a pass\n", s.series, each);
	ck_assert_msg(each < 5, "a pass takes %.3f ms", each); /* 1 ms is the goal; sanitizers and neighbours cost */
	machine_destroy(&m);
	tsdb_close(&db);
	clock_destroy(&clock);
	end();
}
END
