#include "wire/decode_parts.hpp"

namespace endpointd::wire {

namespace {

using Files = std::map<std::pair<std::string, std::string>, std::string>;  // zone and path to content

bool is_metadata(std::string_view path) noexcept {
    const std::size_t slash = path.rfind('/');
    return path.substr(slash == std::string_view::npos ? 0 : slash + 1).starts_with('.');
}

// {zone: {path: text}}, as update, update_v2 and checksums are.
template <class Put>
void each_text(const json::Object& zones, const Fields& params, std::string_view key, Put put) {
    for (const auto& [zone, value] : zones) {
        const std::string where = params.place(key) + "." + escaped(zone, 64);
        const json::Object* entries = value.object();
        if (!entries) {
            params.complaint().wrong_type(where, "object", value);
            return;
        }
        for (const auto& [path, entry] : *entries) {
            if (!entry.string()) {
                params.complaint().wrong_type(where + "." + escaped(path, 64), "string", entry);
                return;
            }
            put(zone, path, *entry.string());
        }
    }
}

}  // namespace

ConfigUpdate decode_config_update(const Fields& params) {
    ConfigUpdate message;
    Files files;
    const auto put_file = [&](const std::string& zone, const std::string& path, const std::string& content) {
        files.insert_or_assign({zone, path}, content);
    };
    if (const json::Object* update = params.object("update")) {
        for (const auto& zone : *update) message.zones.push_back(zone.first);
        each_text(*update, params, "update", put_file);
    }
    if (const json::Object* update = params.maybe_object("update_v2")) each_text(*update, params, "update_v2", put_file);
    if (const json::Object* checksums = params.maybe_object("checksums")) {
        auto& sums = message.checksums.emplace();
        for (const auto& zone : *checksums) sums[zone.first];
        each_text(*checksums, params, "checksums",
                  [&](const std::string& zone, const std::string& path, const std::string& hex) { sums[zone][path] = hex; });
    }
    message.files.reserve(files.size());
    for (auto& [name, content] : files) message.files.push_back({name.first, name.second, std::move(content), is_metadata(name.second)});
    return message;
}

ConfigUpdateObject decode_config_update_object(const Fields& params) {
    ConfigUpdateObject message;
    message.type = params.text("type");
    message.name = params.text("name");
    message.version = params.number("version");
    message.zone = params.maybe_text("zone");
    message.config = params.maybe_text("config");
    if (const json::Object* modified = params.maybe_object("modified_attributes")) message.modified_attributes = *modified;
    if (const json::Array* original = params.maybe_array("original_attributes")) {
        for (const json::Value& name : *original) {
            if (name.string()) message.original_attributes.push_back(*name.string());
            else params.complaint().wrong_type(params.place("original_attributes"), "array of strings", name);
        }
    }
    return message;
}

ConfigDeleteObject decode_config_delete_object(const Fields& params) {
    ConfigDeleteObject message;
    message.type = params.text("type");
    message.name = params.text("name");
    message.version = params.maybe_number("version").value_or(0);
    return message;
}

}  // namespace endpointd::wire
