/* main.c — where a process begins. */
#include <stdio.h>

int
main(int argc, char **argv)
{
	puts("tocsin " TOCSIN_VERSION);
	return 0;
}
