/*
 * console.h — the browser application as it lies in the program: files packed twice, served as they are.
 */
#ifndef API_CONSOLE_H
#define API_CONSOLE_H

struct web_asset {
	const char *name; /* "console.js" */
	const char *gzip, *gzip_end;
	const char *brotli, *brotli_end;
};
extern const struct web_asset web_assets[]; /* made by web/build; ended by a NULL name */

#endif
