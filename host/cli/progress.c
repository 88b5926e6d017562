/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/measure.h"

/* A line of 80 columns holds all: a name, a percentage, 25 signs and a size.  A narrower one less. */
#define BAR_NAME_WIDTH 30
#define BAR_SIGNS      25
#define BAR_WIDTH      (BAR_NAME_WIDTH + 45)
#define LINE_WIDTH_MIN 8
#define LINE_WIDTH     80

/* Columns that can be written to without a new line; the last one would begin one. */
static int line_width(void)
{
	struct winsize size = { .ws_col = 0 };
	int width = LINE_WIDTH;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		width = size.ws_col;
	return (width < LINE_WIDTH_MIN ? LINE_WIDTH_MIN : width) - 1;
}

void kist_progress_start(struct kist_progress *bar, const char *what)
{
	bar->what = what;
	bar->percent = -1;
	bar->on = bar->allowed && isatty(STDERR_FILENO);
}

/* What it is about, cut to its column. */
static void bar_name(const struct kist_progress *bar, char *ret, size_t size)
{
	char shown[256];
	size_t len = 0;
	size_t width = 0;

	kist_text_escape(bar->what, strlen(bar->what), shown, sizeof(shown));
	while (shown[len]) {
		const size_t step = kist_utf8_step(shown + len, strlen(shown + len));
		char one[8] = "";

		memcpy(one, shown + len, step ? step : 1);
		if (width + kist_utf8_width(one) > BAR_NAME_WIDTH)
			break;
		width += kist_utf8_width(one);
		len += step ? step : 1;
	}
	snprintf(ret, size, "%.*s%*s", (int)len, shown, (int)(BAR_NAME_WIDTH - width), "");
}

void kist_progress_show(void *ctx, uint64_t done, uint64_t total)
{
	struct kist_progress *bar = ctx;
	const int percent = total ? (int)((double)done * 100.0 / (double)total) : 0;
	char done_text[32];
	char name[4 * BAR_NAME_WIDTH + 1];

	if (!bar->on || (percent == bar->percent && total) || total < ((uint64_t)8 << 20))
		return;
	bar->percent = percent;
	kist_size_text(done, done_text);
	bar_name(bar, name, sizeof(name));
	if (line_width() < BAR_WIDTH)
		fprintf(stderr, "\r%3d%%", percent);
	else
		fprintf(stderr, "\r%s %3d%% [%-*.*s] %10s", name, percent, BAR_SIGNS, percent / 4,
			"#########################", done_text);
}

void kist_progress_end(struct kist_progress *bar)
{
	if (bar->on && bar->percent >= 0)
		fprintf(stderr, "\r%*s\r", line_width() < BAR_WIDTH ? line_width() : BAR_WIDTH, "");
	bar->on = false;
}
