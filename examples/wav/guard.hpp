/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps C++ on its side: no exception leaves the plugin, and memory that was taken is given back by destructors.
 */
#ifndef WAV_GUARD_HPP
#define WAV_GUARD_HPP

#include <exception>
#include <new>
#include <utility>

#include <kist/helpers.h>

namespace guard {

/* A status on its way out: of a source, a sink or poll, which is passed on unchanged, or of fail() below. */
struct stop {
	kist_status status;
};

/* Goes on, or leaves with the status. */
inline void need(kist_status status)
{
	if (status != KIST_OK)
		throw stop{ status };
}

template <class... Args>
[[noreturn]] void fail(kist_call *call, kist_status status, const char *code, uint64_t offset, const char *format,
		       Args... args)
{
	throw stop{ kist_failf(call, status, code, offset, format, args...) };
}

/* Runs what may throw, and says as a status how it went.  Every function that the host calls is one of these. */
template <class Body> kist_status run(kist_call *call, Body &&body) noexcept
{
	try {
		std::forward<Body>(body)();
		return KIST_OK;
	} catch (const stop &stopped) {
		return stopped.status;
	} catch (const std::bad_alloc &) {
		return kist_failf(call, KIST_NO_MEMORY, nullptr, KIST_NO_OFFSET, "no memory");
	} catch (const std::exception &fault) {
		return kist_failf(call, KIST_INTERNAL, "E_EXCEPTION", KIST_NO_OFFSET, "%s", fault.what());
	} catch (...) {
		return kist_failf(call, KIST_INTERNAL, "E_EXCEPTION", KIST_NO_OFFSET, "an unknown exception");
	}
}

} // namespace guard

#endif
