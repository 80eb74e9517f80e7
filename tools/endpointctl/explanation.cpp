#include "explanation.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/units.hpp"
#include "policy/method_capability.hpp"
#include "policy/verdict.hpp"
#include "pushed_command.hpp"
#include "remedy.hpp"
#include "render.hpp"

namespace endpointd::ctl {
namespace {

using policy::Reason;

struct Row {
    Reason reason;
    Remedy remedy;
    std::string_view says;  // the end of the sentence
    std::string_view rule;  // where no grant or entry is the rule
};

constexpr std::array<Row, 22> kRows = {{
    {Reason::command_pushed, Remedy::never, "a parent's text never becomes a command here, whatever it is granted",
     "commands come from the local catalog alone; `audit propose` drafts an entry of your own"},
    {Reason::command_shadowed, Remedy::never, "the local catalog has a command of this name and that one is used; the pushed one never is",
     "commands come from the local catalog alone; `audit show --diff` compares the two"},
    {Reason::unknown_command, Remedy::entry, "the command it names is not in the local catalog, or not as a kind that this request runs",
     "only commands of catalog.d are run"},
    {Reason::function_not_allowed, Remedy::never, "it holds a function, and what a parent wrote is never run as code here",
     "an attribute of a pushed object is a value"},
    {Reason::statement_not_allowed, Remedy::never, "pushed configuration makes objects and nothing else",
     "no include, library, using, or write to what is global"},
    {Reason::type_not_granted, Remedy::type, "objects of this type are not among those the parent may configure",
     "`types` of its config grant"},
    {Reason::attribute_not_allowed, Remedy::attribute,
     "an attribute of it is one that the parent may not set, or has a value that it cannot have",
     "`attributes` of its config grant, and what the type itself takes"},
    {Reason::capability_denied, Remedy::capability, "the parent is not granted that", "everything is denied until caps.d grants it"},
    {Reason::out_of_scope, Remedy::scope, "it is outside of what the parent's grant names", "`hosts`, `services` and `zones` of the grant"},
    {Reason::argument_refused, Remedy::parameter, "a parameter breaks its rule", "the rules of the command's parameters"},
    {Reason::rate_limited, Remedy::rate, "the parent asks more often than its grant lets it", "`rate` of the grant"},
    {Reason::limit_exceeded, Remedy::limit, "it is beyond a limit; the record's detail says which",
     "`max_objects`, `min_check_interval` and `max_concurrent` of the grant, `limits` and `runner.queue` of endpointd.json"},
    {Reason::syntax_error, Remedy::never,
     "it cannot be read, and a file that cannot be read is refused whole; it is mended where it was written",
     "the grammar of the configuration language"},
    {Reason::bad_path, Remedy::never, "a path in it leads out of its zone's directory or is none",
     "paths of an update stay within their zone"},
    {Reason::unsigned_zone, Remedy::by_hand, "the grant takes signed configuration only, and this one is not",
     "`signed_by` of the config grant; without it the zone need not be signed"},
    {Reason::bad_signature, Remedy::never, "its signature is none of the key that the grant names", "`signed_by` of the config grant"},
    {Reason::zone_not_authorized, Remedy::none, "its zone is not one that this parent configures here", "the zones of zones.d"},
    {Reason::redefinition, Remedy::none, "an object of this name is there already, and the first one stays; rename one of them",
     "local objects come before pushed ones, and the first of two pushed ones stays"},
    {Reason::stale, Remedy::none, "it came too late or is older than what is there; nothing has to be allowed", "newer messages win"},
    {Reason::malformed_message, Remedy::never, "it is no message of the protocol", "what cannot be read is not done"},
    {Reason::plugin_changed, Remedy::none,
     "the plugin is not the one that was pinned, or somebody else may write it; find out who changed it, then `catalog pin` it anew",
     "a plugin that others may write or that differs from its pin is not run"},
    {Reason::ok, Remedy::by_hand, "that was allowed", "nothing was refused"},
}};
static_assert([] {
    for (std::size_t i = 0; i < kRows.size(); ++i)
        if (kRows[i].reason != static_cast<Reason>(i)) return false;
    return kRows.back().reason == Reason::ok;
}());

std::string subject_of(const json::Value& record) {
    const std::string type = text_of(member(record, "object_type")), name = text_of(member(record, "object_name"));
    if (type != "-") return escaped(type, 64) + (name == "-" ? "" : " '" + escaped(name, 256) + "'");
    if (const std::string* const file = member(record, "file").string()) return "file '" + escaped(*file, 256) + "'";
    if (const std::string* const method = member(record, "method").string()) return escaped(*method, 64);
    return "record " + text_of(member(record, "id"));
}

std::string sentence_of(const json::Value& record, std::string_view says) {
    const json::Value& parent = member(record, "parent");
    const std::string who = parent.is_null() ? "" : " from " + escaped(text_of(parent), 128);
    return subject_of(record) + who + " was " + escaped(text_of(member(record, "decision")), 32) + ": " + std::string(says) + ".";
}

}  // namespace

Explanation explain(const Circumstances& is) {
    Explanation made;
    const std::string* const name = member(is.record, "reason").string();
    const auto reason = name ? policy::reason_from(*name) : std::nullopt;
    if (!reason) {
        made.sentence = sentence_of(is.record, "for a reason that this endpointctl does not know");
        made.rule = name ? escaped(*name, 64) : "-";
        return made;
    }
    const Row& row = kRows[static_cast<std::size_t>(*reason)];
    made.rule = row.rule;
    const Cure cure = cure_of(row.remedy, is);
    if (cure.grant) {
        made.rule = std::string(policy::name_of(cure.grant->capability)) + ": " + json::to_text(cure.grant->scope);
        made.source = cure.grant->source;
    } else if (!cure.rule.empty()) {
        made.rule = cure.rule;
        if (!cure.source.empty()) made.source = cure.source;
    }
    std::string says(row.says);
    if (!cure.because.empty()) says += "; " + cure.because;
    if (row.remedy == Remedy::never || cure.never) says += "; nothing in caps.d or catalog.d allows it";
    made.sentence = sentence_of(is.record, says);
    made.change = cure.change;
    if (!cure.change.is_null()) made.opens = cure.opens;
    return made;
}

json::Object why_json(const json::Value& record, const Explanation& explanation) {
    return {{"id", member(record, "id")},
            {"sentence", explanation.sentence},
            {"rule", explanation.rule},
            {"source", explanation.source},
            {"change", explanation.change.is_null() ? json::Value() : json::Value(ascii_json(explanation.change))},
            {"opens", explanation.opens}};
}

}  // namespace endpointd::ctl
