#include "policy/caps.hpp"

#include <algorithm>
#include <map>

#include "base/units.hpp"
#include "dsl/zones.hpp"
#include "json/document.hpp"
#include "json/schema.hpp"
#include "policy/method_capability.hpp"

namespace endpointd::schema {
extern const std::string_view caps_schema;
}

namespace endpointd::policy {

namespace {

using json::Document;
using json::Value;

constexpr std::string_view kZonePrefix = "zone:";

constexpr std::array<std::string_view, 10> kGrantableTypes = {
    "Host", "Service", "HostGroup", "ServiceGroup", "Dependency", "TimePeriod", "ScheduledDowntime", "User", "UserGroup", "Notification",
};

std::vector<Capability> preset(std::string_view name) {
    using enum Capability;
    if (name == "results-only") return {results};
    if (name == "executor") return {results, execute};
    std::vector<Capability> list = {results, recheck, pause, acknowledge, downtime, comment};
    if (name == "scheduler") list.push_back(config);
    return list;  // the schema allows "operator" and nothing else
}

std::string quoted(std::string_view name) { return '"' + escaped(name, 128) + '"'; }

// One load of caps.d, file by file; lives no longer than the load.
class CapsLoader {
public:
    CapsLoader(const KnownNames& known, Findings& findings) : known_(known), findings_(findings), errors_before_(findings.errors.size()) {}

    void read(const Document& document, const SourceFile& file) {
        const json::Object* root = document.root.object();
        const Value* parents = root ? root->find("parents") : nullptr;
        if (!parents || !parents->object()) return;
        document_ = &document;
        file_ = &file;
        for (const auto& [key, value] : *parents->object())
            if (value.object()) read_parent(key, *value.object(), json::pointer_to("/parents", key));
    }

    std::optional<Grants> finish() {
        if (findings_.errors.size() != errors_before_) return std::nullopt;
        std::vector<Entry> entries;
        for (auto& [key, entry] : entries_) {
            std::sort(entry.grants.begin(), entry.grants.end(),
                      [](const Grant& a, const Grant& b) { return a.id.capability < b.id.capability; });
            entries.push_back(std::move(entry));
        }
        return Grants(std::move(entries));
    }

private:
    void error(std::string_view pointer, std::string message, bool at_key = false) {
        findings_.errors.push_back(document_->at(pointer, std::move(message), at_key));
    }
    void warn(std::string_view pointer, std::string message, bool at_key = false) {
        findings_.warnings.push_back(document_->at(pointer, std::move(message), at_key));
    }

    void read_parent(const std::string& key, const json::Object& content, const std::string& pointer) {
        Entry read;
        read.key = key;
        read.kind = key.starts_with(kZonePrefix) ? Entry::Kind::zone : Entry::Kind::endpoint;
        read.name = key.substr(read.kind == Entry::Kind::zone ? kZonePrefix.size() : 0);
        if (read.name.empty()) return error(pointer, "a parent is an endpoint's name or zone:NAME", true);
        check_known(read, pointer);

        Entry& entry = entries_.try_emplace(key, std::move(read)).first->second;
        const std::size_t from_other_files = entry.grants.size();
        if (const Value* grant = content.find("grant")) {
            if (grant->array()) read_list(entry, from_other_files, *grant->array(), pointer + "/grant");
            else if (grant->object()) read_scopes(entry, from_other_files, *grant->object(), pointer + "/grant");
        }
        const Value* named = content.find("preset");
        if (!named || !named->string()) return;
        for (const Capability capability : preset(*named->string())) {
            const Grant* given = entry.find(capability);
            const bool in_this_file = given && given >= entry.grants.data() + from_other_files;
            if (!in_this_file)
                add(entry, from_other_files, capability, json::Object(), pointer + "/preset",
                    false);  // a grant's scope counts where both name one
        }
    }

    void check_known(const Entry& entry, const std::string& pointer) {
        if (!known_.topology) return;
        const bool zone = entry.kind == Entry::Kind::zone;
        if (zone ? known_.topology->zone(entry.name) != nullptr : known_.topology->endpoint(entry.name) != nullptr) return;
        warn(pointer,
             std::string("there is no ") + (zone ? "Zone " : "Endpoint ") + quoted(entry.name) +
                 " in zones.d; this allows nothing to anybody",
             true);
    }

    void read_list(Entry& entry, std::size_t from_other_files, const json::Array& names, const std::string& pointer) {
        for (std::size_t i = 0; i < names.size(); ++i) {
            const std::optional<Capability> capability = names[i].string() ? capability_from(*names[i].string()) : std::nullopt;
            if (capability) add(entry, from_other_files, *capability, json::Object(), json::pointer_to(pointer, i), false);
        }
    }

    void read_scopes(Entry& entry, std::size_t from_other_files, const json::Object& grants, const std::string& pointer) {
        for (const auto& [name, scope] : grants) {
            const std::optional<Capability> capability = capability_from(name);
            if (capability && scope.object())
                add(entry, from_other_files, *capability, *scope.object(), json::pointer_to(pointer, name), true);
        }
    }

    // `pointer` is that of the capability: its value with a key, or its name in a list or preset.
    void add(Entry& entry, std::size_t from_other_files, Capability capability, const json::Object& scope, const std::string& pointer,
             bool has_key) {
        const auto place = document_->places.find(pointer);
        const std::uint32_t line = place == document_->places.end() ? 0 : has_key ? place->second.key_line : place->second.line;
        const std::string source = "caps.d/" + file_->name + ":" + std::to_string(line);
        const std::string name(name_of(capability));
        if (const Grant* first = entry.find(capability)) {
            const bool other_file = first < entry.grants.data() + from_other_files;
            return error(pointer,
                         "`" + name + "` of " + quoted(entry.key) + " is granted in " + first->source + " and in " + source +
                             (other_file ? "; it may stand in one file only" : "; it may stand there once"),
                         has_key);
        }
        Grant grant;
        grant.id = {entry.key, capability};
        grant.source = source;
        grant.scope = scope;
        grant.scope.erase("rate");
        read_scope(grant, scope, pointer);
        if (!is_available(capability))
            warn(pointer, "`" + name + "` is understood but not available in this version: what it allows is still denied", has_key);
        entry.grants.push_back(std::move(grant));
    }

    void read_scope(Grant& grant, const json::Object& scope, const std::string& pointer) {
        grant.hosts = patterns(scope, "hosts");
        grant.services = patterns(scope, "services");
        grant.commands = patterns(scope, "commands");
        grant.zones = patterns(scope, "zones");
        grant.attributes = patterns(scope, "attributes");
        grant.redact = patterns(scope, "redact").value_or(Patterns());
        grant.max_concurrent = count(scope, "max_concurrent");
        grant.max_objects = count(scope, "max_objects");
        grant.max_duration = duration(scope, "max_duration", pointer);
        grant.min_check_interval = duration(scope, "min_check_interval", pointer);
        if (const Value* signer = scope.find("signed_by"); signer && signer->string()) grant.signed_by = *signer->string();
        if (const Value* rate = scope.find("rate"); rate && rate->string()) {
            Result<Rate> parsed = parse_rate(*rate->string());
            if (parsed) grant.rate = std::move(*parsed);
            else error(pointer + "/rate", parsed.error().text);
        }
        if (grant.id.capability == Capability::config) grant.types = types(scope, pointer + "/types");
        if (grant.commands) check_commands(*grant.commands, pointer + "/commands");
    }

    static std::optional<Patterns> patterns(const json::Object& scope, std::string_view key) {
        const Value* list = scope.find(key);
        if (!list || !list->array()) return std::nullopt;
        Patterns patterns;
        for (const Value& item : *list->array())
            if (item.string()) patterns.push_back(*item.string());
        return patterns;
    }

    static std::optional<std::uint64_t> count(const json::Object& scope, std::string_view key) {
        const Value* value = scope.find(key);
        if (!value || !value->number()) return std::nullopt;
        return static_cast<std::uint64_t>(*value->number());  // bounded by the schema
    }

    std::optional<Duration> duration(const json::Object& scope, std::string_view key, const std::string& pointer) {
        const Value* value = scope.find(key);
        if (!value) return std::nullopt;
        const Result<Duration> parsed = parse_duration(value->string()   ? *value->string()
                                                       : value->number() ? number_text(*value->number())
                                                                         : "");
        if (parsed) return *parsed;
        error(json::pointer_to(pointer, key), parsed.error().text);
        return std::nullopt;
    }

    std::vector<std::string> types(const json::Object& scope, const std::string& pointer) {
        std::optional<Patterns> names = patterns(scope, "types");
        if (!names) return {kGrantableTypes.begin(), kGrantableTypes.end()};
        for (std::size_t i = 0; i < names->size(); ++i) {
            const std::string& name = (*names)[i];
            if (std::find(kGrantableTypes.begin(), kGrantableTypes.end(), name) != kGrantableTypes.end()) continue;
            std::string known;
            for (const std::string_view type : kGrantableTypes) known += (known.empty() ? "" : ", ") + std::string(type);
            error(json::pointer_to(pointer, i), is_never_granted(name) ? quoted(name) + " can never be granted"
                                                : name == "Downtime" || name == "Comment"
                                                    ? quoted(name) + " goes with the capability of that name"
                                                    : quoted(name) + " is no type that can be granted; they are " + known);
        }
        return std::move(*names);
    }

    void check_commands(const Patterns& patterns, const std::string& pointer) {
        if (!known_.commands) return;
        for (std::size_t i = 0; i < patterns.size(); ++i) {
            const auto matches = [&](const std::string& name) { return glob_match(patterns[i], name); };
            if (std::none_of(known_.commands->begin(), known_.commands->end(), matches))
                warn(json::pointer_to(pointer, i), quoted(patterns[i]) + " matches no command of the catalog");
        }
    }

    const KnownNames& known_;
    Findings& findings_;
    std::size_t errors_before_;
    std::map<std::string, Entry, std::less<>> entries_;
    const Document* document_ = nullptr;
    const SourceFile* file_ = nullptr;
};

}  // namespace

std::span<const std::string_view> grantable_types() noexcept { return kGrantableTypes; }

std::optional<Grants> load_caps(const std::vector<SourceFile>& files, const KnownNames& known, Findings& findings) {
    const json::Schema schema(schema::caps_schema);
    CapsLoader loader(known, findings);
    for (const SourceFile& file : files)
        if (const std::optional<Document> document = json::parse_config(file, findings); document && schema.check(*document, findings))
            loader.read(*document, file);
    return loader.finish();
}

}  // namespace endpointd::policy
