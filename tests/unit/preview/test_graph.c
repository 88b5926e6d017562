/* SPDX-License-Identifier: Apache-2.0 */
#include "preview/graph.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

static const struct kist_graph_node nodes[] = {
	{ .label = "made", .detail = "3 B", .is_marked = true },
	{ .label = "step \"x\"", .detail = "", .is_act = true },
	{ .label = "a<b>\033&", .detail = "" },
	{ .label = "two\\", .detail = "" },
};
static const struct kist_graph_edge edges[] = {
	{ 1, 0, "out" }, { 2, 1, "" }, { 3, 1, "in" }, { 0, 3, "" }, /* a circle */
};

static const struct kist_graph graph = { nodes, 4, edges, 4 };

static kist_status draw(kist_status (*how)(const struct kist_graph *, struct kist_buf *, struct kist_error *),
			const struct kist_graph *what, char **ret)
{
	kist_auto_buf struct kist_buf page = KIST_BUF_INIT((size_t)1 << 24);
	kist_status status = how(what, &page, NULL);

	*ret = status == KIST_OK ? kist_strndup((const char *)page.data, page.size) : NULL;
	return status == KIST_OK && !*ret ? KIST_NO_MEMORY : status;
}

static kist_status backward(const struct kist_graph *what, struct kist_buf *ret, struct kist_error *err)
{
	return kist_graph_text(what, false, ret, err);
}

static kist_status forward(const struct kist_graph *what, struct kist_buf *ret, struct kist_error *err)
{
	return kist_graph_text(what, true, ret, err);
}

START_TEST(a_tree_names_each_once_and_ends_in_a_circle)
{
	kist_auto_mem char *text = NULL;
	kist_auto_mem char *other = NULL;

	ck_assert_int_eq(draw(backward, &graph, &text), KIST_OK);
	ck_assert_str_eq(text, "made  (3 B)\n"
			       "└─ out: step \"x\"\n"
			       "   ├─ a<b>\\x1b&\n"
			       "   └─ in: two\\\n"
			       "      └─ made  (3 B)  [see above]\n");
	ck_assert_int_eq(draw(forward, &graph, &other), KIST_OK);
	ck_assert_str_eq(other, "made  (3 B)\n"
				"└─ two\\\n"
				"   └─ in: step \"x\"\n"
				"      └─ out: made  (3 B)  [see above]\n");
}
END_TEST

START_TEST(dot_quotes_what_it_must)
{
	kist_auto_mem char *text = NULL;

	ck_assert_int_eq(draw(kist_graph_dot, &graph, &text), KIST_OK);
	ck_assert_ptr_nonnull(strstr(text, "n1 [shape=box, label=\"step \\\"x\\\"\"];"));
	ck_assert_ptr_nonnull(strstr(text, "n3 [shape=note, label=\"two\\\\\"];"));
	ck_assert_ptr_nonnull(strstr(text, "label=\"a<b>\\\\x1b&\""));
	ck_assert_ptr_nonnull(strstr(text, "n1 -> n0 [label=\"out\"];"));
}
END_TEST

/* The number behind @key in the element that has @text in it. */
static long number_before(const char *page, const char *text, const char *key)
{
	const char *found = strstr(page, text);
	const char *at = NULL;

	ck_assert_ptr_nonnull(found);
	for (const char *next = strstr(page, key); next && next < found; next = strstr(next + 1, key))
		at = next;
	ck_assert_ptr_nonnull(at);
	return strtol(at + strlen(key), NULL, 10);
}

START_TEST(an_image_puts_what_is_made_right_of_what_it_is_made_of)
{
	static const struct kist_graph_edge straight[] = {
		{ 1, 0, "" }, { 2, 1, "" }, { 3, 1, "" }, { 2, 0, "" }
	};
	const struct kist_graph no_circle = { nodes, 4, straight, 4 };
	kist_auto_mem char *page = NULL;
	kist_auto_mem char *circle = NULL;

	ck_assert_int_eq(draw(kist_graph_svg, &no_circle, &page), KIST_OK);
	ck_assert_int_lt(number_before(page, "a&lt;b&gt;\\x1b&amp;", "<text x=\""),
			 number_before(page, "step &quot;x&quot;", "<text x=\""));
	ck_assert_int_lt(number_before(page, "step &quot;x&quot;", "<text x=\""),
			 number_before(page, ">made<", "<text x=\""));
	ck_assert_int_ne(number_before(page, "a&lt;b", "\" y=\""), number_before(page, ">two", "\" y=\""));
	ck_assert_int_eq(draw(kist_graph_svg, &graph, &circle), KIST_OK);
	ck_assert_ptr_nonnull(strstr(circle, "</svg>\n"));
}
END_TEST

START_TEST(there_is_an_end_to_nodes)
{
	kist_auto_mem struct kist_graph_node *many = kist_alloc(KIST_GRAPH_NODES_MAX + 1, sizeof(*many));
	kist_auto_mem struct kist_graph_edge *chain = kist_alloc(KIST_GRAPH_NODES_MAX, sizeof(*chain));
	struct kist_graph large = { many, KIST_GRAPH_NODES_MAX, chain, KIST_GRAPH_NODES_MAX - 1 };
	kist_auto_mem char *page = NULL;
	kist_auto_mem char *tree = NULL;
	kist_auto_mem char *more = NULL;

	for (size_t i = 0; i <= KIST_GRAPH_NODES_MAX; i++)
		many[i] = nodes[0];
	for (size_t i = 0; i + 1 < KIST_GRAPH_NODES_MAX; i++)
		chain[i] = (struct kist_graph_edge){ i + 1, i, "" };
	ck_assert_int_eq(draw(kist_graph_svg, &large, &page), KIST_OK);
	ck_assert_int_eq(draw(backward, &large, &tree), KIST_OK);
	large.node_count++;
	ck_assert_int_eq(draw(kist_graph_svg, &large, &more), KIST_LIMIT);
	ck_assert_int_eq(draw(kist_graph_dot, &large, &more), KIST_LIMIT);
	ck_assert_int_eq(draw(backward, &large, &more), KIST_LIMIT);
}
END_TEST

START_TEST(it_does_without_memory_at_any_point)
{
	for (unsigned long k = 1;; k++) {
		kist_auto_mem char *svg = NULL;
		kist_auto_mem char *dot = NULL;
		kist_auto_mem char *tree = NULL;
		kist_status status;

		kist_mem_fail_at(k);
		status = draw(kist_graph_svg, &graph, &svg);
		if (status == KIST_OK)
			status = draw(kist_graph_dot, &graph, &dot);
		if (status == KIST_OK)
			status = draw(backward, &graph, &tree);
		kist_mem_fail_at(0);
		if (status == KIST_OK)
			return;
		ck_assert_int_eq(status, KIST_NO_MEMORY);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("graph");

	tcase_add_test(tcase, a_tree_names_each_once_and_ends_in_a_circle);
	tcase_add_test(tcase, dot_quotes_what_it_must);
	tcase_add_test(tcase, an_image_puts_what_is_made_right_of_what_it_is_made_of);
	tcase_add_test(tcase, there_is_an_end_to_nodes);
	tcase_add_test(tcase, it_does_without_memory_at_any_point);
	return suite_run(tcase, "preview/graph");
}
