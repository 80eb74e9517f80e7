#include "remedy.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/units.hpp"
#include "explanation.hpp"
#include "policy/caps.hpp"
#include "policy/method_capability.hpp"
#include "policy/subject.hpp"
#include "proposal.hpp"
#include "pushed_command.hpp"
#include "render.hpp"
#include "wider_limit.hpp"

namespace endpointd::ctl {
namespace {

using policy::Capability;

std::string string_member(const json::Value& value, std::string_view name) {
    const std::string* const text = member(value, name).string();
    return text ? *text : std::string();
}

bool is_pattern(std::string_view name) noexcept { return name.find_first_of("*?") != std::string_view::npos; }

class Maker {
public:
    explicit Maker(const Circumstances& is) : is_(is) {
        type_ = string_member(is.record, "object_type");
        name_ = string_member(is.record, "object_name");
        method_ = string_member(is.record, "method");
        parameters_ = message_parameters(is.record);
        capability_ = capability();
        subject_ = subject();
        if (capability_) cure_.grant = grant();
    }

    Cure make(Remedy remedy) {
        switch (remedy) {
            case Remedy::never:
            case Remedy::none:
                cure_.grant.reset();
                break;
            case Remedy::by_hand:
                break;
            case Remedy::capability:
                if (can_be_granted()) grant_it();
                break;
            case Remedy::scope:
                if (can_be_granted()) widen_scope();
                break;
            case Remedy::type:
                widen_types();
                break;
            case Remedy::attribute:
                if (can_be_granted()) widen_attributes();
                break;
            case Remedy::rate:
                raise_rate();
                break;
            case Remedy::limit:
                raise_limit();
                break;
            case Remedy::entry:
                add_entry();
                break;
            case Remedy::parameter:
                loosen_parameter();
                break;
        }
        return std::move(cure_);
    }

private:
    std::optional<Capability> execute_capability() const {
        const auto type = type_ == "EventCommand"          ? policy::CommandType::event
                          : type_ == "NotificationCommand" ? policy::CommandType::notification
                                                           : policy::CommandType::check;
        std::optional<catalog::Kind> kind;
        const std::string known = string_member(is_.command, "kind");
        for (const catalog::Kind one : {catalog::Kind::check, catalog::Kind::action, catalog::Kind::event, catalog::Kind::notification})
            if (name_of(one) == known) kind = one;
        return policy::rule_of_execute(type, !member(parameters_, "source").is_null(), kind).capability;
    }

    // By message, or by a result here that called an event handler of the parent's.
    bool asked_to_run() const { return method_ == "event::ExecuteCommand" || (method_.empty() && type_ == "EventCommand"); }

    std::optional<Capability> capability() const {
        if (asked_to_run()) return execute_capability();
        if (method_ == "config::Update") return Capability::config;
        if (method_ == "config::UpdateObject" || method_ == "config::DeleteObject") {
            const std::string attribute = string_member(is_.record, "parameter");
            return attribute.empty() ? policy::capability_of_object(type_) : policy::capability_of_attribute(type_, attribute);
        }
        if (method_ == "event::SetRemovalInfo") return policy::capability_of_removal(type_);
        const policy::MethodRule* const rule = policy::rule_of(method_);
        return rule ? rule->capability : std::nullopt;
    }

    // The host or service that the record is about; none: not known.
    std::optional<policy::Checkable> subject() const {
        if (std::string host = string_member(parameters_, "host"); !host.empty()) {
            std::string service = string_member(parameters_, "service");
            return policy::Checkable{std::move(host), service.empty() ? std::nullopt : std::optional(std::move(service))};
        }
        policy::Subject of = policy::subject_of(type_, name_);
        if (!of.host || of.host->empty()) return std::nullopt;
        return policy::Checkable{*std::move(of.host), std::move(of.service)};
    }

    std::optional<GrantInForce> grant() const {
        for (const json::Value& parent : items(member(is_.caps, "parents"))) {
            const bool zone = string_member(parent, "kind") == "zone";
            for (const json::Value& one : items(member(parent, "grants"))) {
                if (string_member(one, "capability") != policy::name_of(*capability_)) continue;
                // A change is one of caps.d; what an operator allowed for two hours is no part of it.
                if (!member(one, "expires").is_null()) continue;
                const json::Object* const scope = member(one, "scope").object();
                return GrantInForce{*capability_, (zone ? "zone:" : "") + string_member(parent, "name"), scope ? *scope : json::Object(),
                                    member(one, "rate"), string_member(one, "source")};
            }
        }
        return std::nullopt;
    }

    // Says why, where it cannot.
    bool can_be_granted() {
        if (member(is_.record, "parent").is_null()) {
            cure_.never = true;
            cure_.because = "whoever it was has not proved to be an endpoint";
        } else if (!capability_) {
            cure_.never = true;
            cure_.because = "no capability covers it";
        } else if (!policy::is_available(*capability_)) {
            cure_.because = "'" + std::string(name_of(*capability_)) + "' has no function in this version";
        } else {
            return true;
        }
        return false;
    }

    bool covers(std::string_view list, std::string_view name) const {
        const json::Value* const patterns = cure_.grant->scope.find(list);
        if (!patterns) return true;
        return std::ranges::any_of(items(*patterns),
                                   [&](const json::Value& one) { return one.string() && glob_match(*one.string(), name); });
    }

    // Adds the name to a list of the scope. False: it would be read as a pattern.
    bool add(json::Object& scope, std::string_view list, const std::string& name) {
        if (is_pattern(name) || name.empty()) {
            cure_.because = "the name '" + escaped(name, 128) + "' would be read as a pattern in caps.d, so none is proposed";
            return false;
        }
        const json::Value* const before = scope.find(list);
        json::Array names = before ? items(*before) : json::Array();
        if (std::ranges::find(names, json::Value(name)) == names.end()) names.emplace_back(name);
        scope.set(std::string(list), std::move(names));
        return true;
    }

    bool add_subject(json::Object& scope) { return !subject_ || add(scope, subject_->service ? "services" : "hosts", subject_->name()); }

    // Hosts and services limit together: where one of them stands, what it does not name is outside.
    bool covers_subject() const {
        const json::Object& scope = cure_.grant->scope;
        const bool hosts = scope.find("hosts"), services = scope.find("services");
        if (!subject_ || (!hosts && !services)) return true;
        if (!subject_->service) return hosts && covers("hosts", subject_->host);
        return services && (covers("services", subject_->name()) || covers("services", *subject_->service));
    }

    void put(const std::string& key, json::Object scope, const json::Value& rate, std::string opens) {
        if (!rate.is_null()) scope.set("rate", rate);
        cure_.change = json::Object{
            {"parents",
             json::Object{{key, json::Object{{"grant", json::Object{{std::string(name_of(*capability_)), std::move(scope)}}}}}}}};
        const std::string who =
            key.starts_with("zone:") ? "every endpoint of zone '" + escaped(key.substr(5), 128) + "'" : "'" + escaped(key, 128) + "'";
        cure_.opens = who + " " + std::move(opens);
    }

    void put_widened(json::Object scope, std::string opens) {
        const std::string key = cure_.grant->key;
        const json::Value rate = cure_.grant->rate;
        put(key, std::move(scope), rate, std::move(opens) + "; what the grant has stays as it is");
    }

    void grant_it() {
        const bool runs = asked_to_run();
        if (cure_.grant) {
            json::Object scope = cure_.grant->scope;
            if (runs && !covers("commands", name_)) {
                if (add(scope, "commands", name_))
                    put_widened(std::move(scope), "may then have '" + escaped(name_, 128) + "' run, for every object of the grant");
                return;
            }
            cure_.because = "the grant that is in force now covers it";
            return;
        }
        json::Object scope;
        if (runs && !add(scope, "commands", name_)) return;
        if (!add_subject(scope)) return;
        if (*capability_ == Capability::config) {
            if (!type_.empty()) scope.set("types", json::Array{type_});
            if (const std::string zone = pushed_zone(); !zone.empty() && !add(scope, "zones", zone)) return;
        }
        std::string opens =
            runs ? "may then have '" + escaped(name_, 128) + "' run" : "may then use '" + std::string(name_of(*capability_)) + "'";
        opens += subject_ ? " for '" + escaped(subject_->name(), 256) + "'" : "";
        if (*capability_ == Capability::config)
            opens += ": it then decides which of your commands run here, how often and with which parameters, within the commands' rules";
        else if (!subject_) opens += runs ? " for every object" : " on every object";
        put(string_member(is_.record, "parent"), std::move(scope), nullptr, std::move(opens) + "; without a rate, as often as it likes");
    }

    // "web1" of "web1/_etc/x.conf".
    std::string pushed_zone() const {
        const std::string file = string_member(is_.record, "file");
        return file.substr(0, file.find('/'));
    }

    void widen_scope() {
        if (!cure_.grant) return grant_it();
        json::Object scope = cure_.grant->scope;
        std::string what;
        if (!covers_subject()) {
            if (!add_subject(scope)) return;
            what = "'" + escaped(subject_->name(), 256) + "'";
        }
        if (const std::string zone = pushed_zone(); *capability_ == Capability::config && !zone.empty() && !covers("zones", zone)) {
            if (!add(scope, "zones", zone)) return;
            what += (what.empty() ? "" : " and ") + ("zone '" + escaped(zone, 128) + "'");
        }
        if (what.empty()) {
            cure_.because = subject_ ? "the grant that is in force now covers it" : "the record does not tell which object it was about";
            return;
        }
        put_widened(std::move(scope), "may then do all that the grant allows to " + what + " as well");
    }

    void widen_types() {
        if (type_.empty() || policy::is_never_granted(type_) || policy::capability_of_object(type_) != Capability::config) {
            cure_.never = true;
            cure_.grant.reset();
            cure_.because = "objects of this type are never taken from a parent";
            return;
        }
        if (!can_be_granted()) return;
        if (!cure_.grant) return grant_it();
        json::Object scope = cure_.grant->scope;
        if (!scope.find("types")) {
            cure_.because = "the grant that is in force now covers it";
            return;
        }
        if (add(scope, "types", type_))
            put_widened(std::move(scope), "may then configure objects of type " + escaped(type_, 64) + " within the grant's scope");
    }

    void widen_attributes() {
        const std::string attribute = string_member(is_.record, "parameter");
        if (attribute.empty() || !cure_.grant || !cure_.grant->scope.find("attributes") || covers("attributes", attribute)) {
            cure_.because = "the record's detail says which one; if it is not in the grant's `attributes`, add it there";
            return;
        }
        json::Object scope = cure_.grant->scope;
        if (add(scope, "attributes", attribute))
            put_widened(std::move(scope), "may then set '" + escaped(attribute, 128) + "' of every object in the grant's scope");
    }

    void raise_rate() {
        const std::string* const rate = cure_.grant ? cure_.grant->rate.string() : nullptr;
        std::uint64_t number = 0;
        std::string per;
        if (!rate || !RE2::FullMatch(*rate, "\\s*([0-9]{1,9})\\s*(/\\s*[a-z]+)\\s*", &number, &per)) {
            cure_.because = "the grant that is in force now has no rate";
            return;
        }
        cure_.grant->rate = std::to_string(number * 2) + per;
        put_widened(cure_.grant->scope, "may then ask twice as often; how often it did is not in the record");
    }

    void raise_limit() {
        const auto wider = wider_limit(string_member(is_.record, "detail"), cure_.grant ? cure_.grant->scope : json::Object());
        if (!wider) return;
        if (wider->grants) {
            json::Object scope = cure_.grant->scope;
            scope.set(wider->name, wider->value);
            return put_widened(std::move(scope), wider->opens);
        }
        cure_.grant.reset();
        cure_.rule = "limits." + wider->name + " of endpointd.json";
        cure_.change = json::Object{{"limits", json::Object{{wider->name, wider->value}}}};
        cure_.opens = wider->opens;
    }

    void add_entry() {
        const std::optional<std::string> command = command_of(is_.record);
        if (!is_.command.is_null()) {
            cure_.rule = "the catalog has '" + escaped(string_member(is_.command, "name"), 128) + "' as " +
                         escaped(string_member(is_.command, "kind"), 32);
            cure_.source = string_member(is_.command, "source");
            cure_.because =
                "the record's detail names what was missed: another kind, another command of the object, or an entry that came since";
            cure_.grant.reset();
            return;
        }
        cure_.grant.reset();
        if (!command) {
            cure_.because = "the record's detail names it; `catalog import` makes entries of Icinga's definitions";
            return;
        }
        const Proposal proposal = propose(is_.record, is_.command);
        cure_.change = proposal.catalog;
        cure_.because = proposal.missing.empty() ? "" : "the change shown is unfinished and does not load: " + proposal.missing;
        cure_.opens =
            "every parent whose grant covers the name '" + escaped(*command, 128) + "' may then have it run, with whatever its rules admit";
    }

    void loosen_parameter() {
        cure_.grant.reset();
        const std::string parameter = string_member(is_.record, "parameter");
        const json::Value& rule = member(member(member(is_.command, "entry"), "parameters"), parameter);
        cure_.source = string_member(is_.command, "source");
        if (parameter.empty() && member(member(is_.command, "entry"), "tuples").array()) return add_tuple();
        if (parameter.empty() || rule.is_null()) {
            cure_.because = "the record's detail says which; rules and `tuples` stand in the command's entry";
            return;
        }
        cure_.rule = "parameter '" + escaped(parameter, 128) + "': " + json::to_text(rule);
        const json::Value& value = member(member(parameters_, "macros"), parameter);
        json::Object wider = *rule.object();
        if (!widened(wider, value)) {
            cure_.because = "no rule is proposed for what was sent; look at it with `audit show`";
            return;
        }
        wider.set("review", true);
        change_entry({{"parameters", json::Object{{parameter, std::move(wider)}}}}, "value");
    }

    void add_tuple() {
        const json::Value& entry = member(is_.command, "entry");
        cure_.rule = "tuples of '" + escaped(string_member(is_.command, "name"), 128) + "'";
        const auto tuple = sent_tuple(entry, member(parameters_, "macros"));
        if (!tuple) {
            cure_.because = "no combination is proposed for what was sent; look at it with `audit show`";
            return;
        }
        json::Array all = items(member(entry, "tuples"));
        all.emplace_back(*tuple);
        change_entry({{"tuples", std::move(all)}}, "combination");
    }

    // `members` of the command's entry, after which its rules admit this `what` as well.
    void change_entry(json::Object members, const std::string& what) {
        const std::string name = string_member(is_.command, "name");
        cure_.change = json::Object{{"commands", json::Object{{name, std::move(members)}}}};
        cure_.opens = "every parent that may have '" + escaped(name, 128) + "' run may then choose this " + what +
                      "; it is the parent's own, so find out first what the plugin does with it";
    }

    const Circumstances& is_;
    std::string type_, name_, method_;
    json::Value parameters_;
    std::optional<Capability> capability_;
    std::optional<policy::Checkable> subject_;
    Cure cure_;
};

}  // namespace

Cure cure_of(Remedy remedy, const Circumstances& circumstances) { return Maker(circumstances).make(remedy); }

}  // namespace endpointd::ctl
