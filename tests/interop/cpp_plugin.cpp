// SPDX-License-Identifier: Apache-2.0

/*
 * A plugin in C++17 with the SDK's headers alone: "org.example.cpp" is "CPP1" and a JSON text behind it, held as a
 * value.  No exception crosses the ABI.
 */
#include <kist/helpers.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>

KIST_NOTE("org.example.cpp", 0);

namespace {

const std::string magic = "CPP1";
constexpr uint64_t size_max = 1u << 20;

/* Runs @body and turns what it throws into a status. */
template <typename Body> kist_status guarded(kist_call *call, Body body) noexcept
{
	try {
		return body();
	} catch (const std::bad_alloc &) {
		return kist_failf(call, KIST_NO_MEMORY, nullptr, KIST_NO_OFFSET, "no memory");
	} catch (const std::exception &why) {
		return kist_failf(call, KIST_CORRUPT, "E_CPP", 0, "%s", why.what());
	} catch (...) {
		return kist_failf(call, KIST_INTERNAL, nullptr, KIST_NO_OFFSET, "an unknown exception");
	}
}

kist_status read_text(kist_call *call, kist_source *source, std::string &ret)
{
	if (source->size > size_max)
		return kist_failf(call, KIST_LIMIT, "E_SIZE", size_max, "more than 1 MiB");
	std::string bytes(source->size, '\0');
	const kist_status status = kist_read_exact(call, source, 0, &bytes[0], bytes.size());
	if (status != KIST_OK)
		return status;
	if (bytes.compare(0, magic.size(), magic) != 0 || bytes.size() == magic.size())
		throw std::runtime_error("no text behind CPP1");
	ret = bytes.substr(magic.size());
	return KIST_OK;
}

struct held {
	kist_region region{};
	std::string text;
};

struct instance {
	int calls = 0;
};

kist_status open_instance(const kist_host *host, kist_call *call, void **ret)
{
	(void)host;
	return guarded(call, [&] {
		*ret = new instance;
		return KIST_OK;
	});
}

void close_instance(void *self)
{
	delete static_cast<instance *>(self);
}

kist_status serialize(void *self, kist_call *call, const kist_object *object, const kist_params *params, kist_sink *sink)
{
	(void)params;
	static_cast<instance *>(self)->calls++;
	return guarded(call, [&]() -> kist_status {
		const auto *region = static_cast<const kist_region *>(object->value);

		if (object->kind != KIST_KIND_VALUE)
			return kist_failf(call, KIST_UNSUPPORTED, "E_KIND", KIST_NO_OFFSET, "not a value");
		const std::string bytes =
			magic + std::string(static_cast<const char *>(region->base), static_cast<size_t>(region->len));
		return sink->write(sink, bytes.data(), bytes.size());
	});
}

kist_status deserialize(void *self, kist_call *call, kist_source *source, const kist_params *params, kist_object *ret)
{
	(void)self;
	(void)params;
	return guarded(call, [&]() -> kist_status {
		auto made = std::make_unique<held>();
		const kist_status status = read_text(call, source, made->text);

		if (status != KIST_OK)
			return status;
		made->region.struct_size = KIST_SIZED(kist_region);
		made->region.base = made->text.data();
		made->region.len = made->text.size();
		ret->kind = KIST_KIND_VALUE;
		ret->type = "org.example.cpp";
		ret->type_major = 1;
		ret->value = &made->region;
		ret->priv = made.release();
		ret->release = [](kist_object *object) {
			delete static_cast<held *>(object->priv);
			object->release = nullptr;
		};
		return KIST_OK;
	});
}

kist_status validate(void *self, kist_call *call, kist_source *source, const kist_params *params, kist_report *report)
{
	(void)self;
	(void)params;
	return guarded(call, [&]() -> kist_status {
		std::string text;

		try {
			return read_text(call, source, text);
		} catch (const std::runtime_error &why) {
			kist_issuef(report, KIST_ISSUE_ERROR, "E_CPP", 0, "%s", why.what());
			return KIST_OK;
		}
	});
}

const ArtifactTaskInterface interface_v1 = {
	KIST_SIZED(ArtifactTaskInterface),
	0,
	KIST_CAP_DETERMINISTIC,
	open_instance,
	close_instance,
	serialize,
	deserialize,
	validate,
	nullptr,
	nullptr,
	nullptr,
};

const kist_type_decl type = {
	KIST_SIZED(kist_type_decl),
	KIST_KIND_BIT(KIST_KIND_VALUE),
	"org.example.cpp",
	"CppValueArtifactTask",
	1,
	0,
	50,
	0,
	&interface_v1,
};

const kist_type_decl *const types[] = { &type };

const kist_plugin plugin = {
	KIST_SIZED(kist_plugin), KIST_ABI_MINOR, 0, 0, "org.example.cpp", "1.0.0", 1, types, 0, nullptr, nullptr,
};

} // namespace

kist_status kist_plugin_entry_v1(const kist_host *host, kist_call *call, const kist_plugin **ret_plugin)
{
	(void)host;
	(void)call;
	*ret_plugin = &plugin;
	return KIST_OK;
}
