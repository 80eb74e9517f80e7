// Apply rules and the rules of groups: for every target, every rule (protocol, 10.3, 10.4).

#include <algorithm>
#include <utility>

#include "dsl/evaluator.hpp"

namespace endpointd::dsl {

void Evaluator::apply_rules(const ConfigType& type) {
    for (Rule& rule : rules_) {
        if (rule.type != &type) continue;
        const auto targets = by_type_.find(rule.target);
        if (targets == by_type_.end()) continue;
        for (std::size_t i = 0; i < targets->second.size(); ++i)
            if (targets->second[i]->finished) apply_rule(rule, *targets->second[i]);
    }
}

void Evaluator::apply_rule(Rule& rule, Item& target) {
    making_ = nullptr;
    running_ = rule.file;
    Frame frame = interpreter_.frame(Value(&interpreter_.globals()), rule.closed, rule.file);
    const bool service = target.type->name == "Service";
    if (service) {
        const json::Value* const host = target.attributes.find("host_name");
        heap_.set(*frame.locals, "host", Value(host && host->string() ? find(*config_type("Host"), *host->string()) : nullptr));
        heap_.set(*frame.locals, "service", Value(target.made));
    } else {
        heap_.set(*frame.locals, "host", Value(target.made));
    }
    try {
        if (!rule.term) return apply_instance(rule, target, rule.name, frame);
        Value over;
        try {
            over = interpreter_.evaluate(*rule.term, frame);
        } catch (const ScriptError& error) {
            // As upstream: a term that cannot be evaluated is one without elements.
            if (error.why != Why::evaluation && error.why != Why::attribute) throw;
            return;
        }
        const std::vector<std::string>& variables = rule.statement->words;
        if (const Array* array = over.array()) {
            if (variables.size() == 2) interpreter_.fail("'for' with a key and a value needs a dictionary, not an array");
            budget_.take(array->items.size() * sizeof(Value));
            const std::vector<Value> items = array->items;
            for (const Value& item : items) {
                heap_.set(*frame.locals, variables.front(), item);
                apply_instance(rule, target, rule.name + interpreter_.to_text(item), frame);
            }
        } else if (const Dictionary* dictionary = over.dictionary()) {
            if (variables.size() != 2) interpreter_.fail("'for' over a dictionary needs a key and a value");
            budget_.take(dictionary->items.size() * (sizeof(Value) + sizeof(std::string)));
            const std::vector<std::pair<std::string, Value>> items(dictionary->items.begin(), dictionary->items.end());
            for (const auto& [key, value] : items) {
                heap_.set(*frame.locals, variables.front(), heap_.text(key));
                heap_.set(*frame.locals, variables.back(), value);
                apply_instance(rule, target, rule.name + key, frame);
            }
        }
    } catch (const ScriptError& error) {
        // One record for a rule, not one for every host.
        if (std::exchange(rule.failed, true)) return;
        refuse(error, rule.type, rule.name, rule.statement, rule.file);
    }
}

void Evaluator::apply_instance(Rule& rule, Item& target, const std::string& name, Frame& frame) {
    budget_.step();
    if (!matches(rule.assign, rule.ignore, frame)) return;
    Item item;
    item.type = rule.type;
    item.name = name;
    item.statement = rule.statement;
    item.body = rule.body;
    item.file = rule.file;
    item.ignore_on_error = rule.statement->flag;
    item.zone = target.made->zone;
    item.package = files_[rule.file].file->package;
    item.closed = heap_.dictionary();
    for (const auto& [key, value] : frame.locals->items) heap_.set(*item.closed, key, value);
    const bool service = target.type->name == "Service";
    const auto of_target = [&](std::string_view attribute) {
        const json::Value* const value = target.attributes.find(attribute);
        return heap_.text(value && value->string() ? *value->string() : std::string());
    };
    const Value host = service ? of_target("host_name") : heap_.text(target.made->name);
    if (rule.type->name == "Dependency") {
        item.presets.emplace_back("parent_host_name", host);
        item.presets.emplace_back("child_host_name", host);
        if (service) item.presets.emplace_back("child_service_name", heap_.text(target.made->short_name));
    } else {
        item.presets.emplace_back("host_name", host);
        if (service) item.presets.emplace_back("service_name", heap_.text(target.made->short_name));
    }
    if (name.empty() || name.size() > kObjectNameLength || has_control(name) || name.find('!') != std::string::npos) {
        // The rule stands; this one instance cannot be.
        item.made = nullptr;
        refuse_at(Why::attribute, rule.statement->at,
                  "an object made by this rule would be called '" + name.substr(0, kObjectNameLength) + "', which is no name", rule.type,
                  target.made->name + "!" + name.substr(0, kObjectNameLength), rule.statement, rule.file);
        return;
    }
    budget_.take(sizeof(Item) + name.size());
    budget_.object();
    items_.push_back(std::move(item));
    by_type_[rule.type].push_back(&items_.back());
}

bool Evaluator::matches(const std::vector<const Node*>& assign, const std::vector<const Node*>& ignore, Frame& frame) {
    const auto any = [&](const std::vector<const Node*>& terms) {
        return std::ranges::any_of(terms, [&](const Node* term) {
            // A block is run in the rule's own scope; its last value counts.
            if (term->kind == NodeKind::dictionary) return truth(interpreter_.run(*term, frame).value);
            return truth(interpreter_.evaluate(*term, frame));
        });
    };
    return (assign.empty() || any(assign)) && !any(ignore);
}

void Evaluator::assign_groups(const ConfigType& members, const ConfigType& groups, std::string_view variable) {
    const auto found = by_type_.find(&groups);
    const auto of_type = by_type_.find(&members);
    if (found == by_type_.end() || of_type == by_type_.end()) return;
    making_ = nullptr;
    const auto groups_field = field_of(members, "groups");
    for (Item* group : found->second) {
        if (!group->finished || group->assign.empty()) continue;
        std::vector<Item*> joined;
        try {
            for (Item* member : of_type->second) {
                if (!member->finished) continue;
                budget_.step();
                running_ = group->file;
                Frame frame = interpreter_.frame(Value(&interpreter_.globals()), group->closed, group->file);
                heap_.set(*frame.locals, std::string(variable), Value(member->made));
                if (variable == "service") {
                    const json::Value* const host = member->attributes.find("host_name");
                    heap_.set(*frame.locals, "host", Value(host && host->string() ? find(*config_type("Host"), *host->string()) : nullptr));
                }
                if (matches(group->assign, group->ignore, frame)) joined.push_back(member);
            }
        } catch (const ScriptError& error) {
            group->finished = false;
            refuse_item(*group, error);
            continue;
        }
        for (Item* member : joined) join(*member, group->made->name, *groups_field);
    }
    join_outer_groups(of_type->second, groups, *groups_field);
}

// A member of a group is one of the groups that the group itself is in, too.
void Evaluator::join_outer_groups(const std::vector<Item*>& members, const ConfigType& groups, std::uint16_t groups_field) {
    for (Item* member : members) {
        if (!member->finished) continue;
        std::vector<std::string> names;
        const auto add = [&](const Item& of) {
            const json::Value* const listed = of.attributes.find("groups");
            if (!listed || !listed->array()) return;
            for (const json::Value& name : *listed->array()) {
                budget_.step(1 + names.size());
                if (name.string() && std::ranges::find(names, *name.string()) == names.end()) names.push_back(*name.string());
            }
        };
        add(*member);
        const std::size_t own = names.size();
        for (std::size_t i = 0; i < names.size(); ++i) {
            const auto group = made_.find({&groups, names[i]});
            if (group != made_.end() && group->second->finished) add(*group->second);
        }
        for (std::size_t i = own; i < names.size(); ++i) join(*member, names[i], groups_field);
    }
}

void Evaluator::join(Item& member, const std::string& group, std::uint16_t groups_field) {
    json::Array names;
    if (const json::Value* before = member.attributes.find("groups"); before && before->array()) names = *before->array();
    if (std::ranges::find(names, json::Value(group)) != names.end()) return;
    budget_.take(group.size() + sizeof(json::Value));
    names.emplace_back(group);
    member.attributes.set(member.type->fields[groups_field], values_.share(std::move(names)));
    member.assigned_groups.push_back(group);
    // What `host.groups` reads from now on: a list of its own, whoever shared the one before.
    const Value* const before = member.made->find(groups_field);
    Array* const list = heap_.array(before && before->array() ? before->array()->items : std::vector<Value>());
    heap_.append(*list, heap_.text(group));
    heap_.set(*member.made, groups_field, Value(list));
}

}  // namespace endpointd::dsl
