#include "dsl/evaluator.hpp"

#include <algorithm>
#include <utility>

#include "base/units.hpp"
#include "dsl/director.hpp"
#include "dsl/itl.hpp"
#include "dsl/parser.hpp"

namespace endpointd::dsl {

namespace {

constexpr std::size_t kExcerptOfName = 64;  // bytes of what is no name

// One error's line without the caret below it.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// `assign where` and `ignore where` of a body, wherever in it they stand.
void collect_where(const Node& body, std::vector<const Node*>& assign, std::vector<const Node*>& ignore) {
    std::vector<const Node*> left = {&body};
    std::vector<const Node*> found;
    while (!left.empty()) {
        const Node* const node = left.back();
        left.pop_back();
        if (node->kind == NodeKind::assign_where) assign.push_back(&node->children.front());
        else if (node->kind == NodeKind::ignore_where) ignore.push_back(&node->children.front());
        else if (node->kind != NodeKind::definition && node->kind != NodeKind::apply)
            for (auto child = node->children.rbegin(); child != node->children.rend(); ++child) left.push_back(&*child);
    }
}

}  // namespace

Evaluator::Evaluator(const std::vector<ZoneFile>& files, Authority authority, const Surroundings& surroundings, Limits limits)
    : authority_(authority),
      surroundings_(surroundings),
      budget_(std::move(limits)),
      heap_(budget_),
      interpreter_(heap_, *this, authority) {
    files_.resize(files.size());
    for (std::size_t i = 0; i < files.size(); ++i) files_[i].file = &files[i];
    for (const auto& [type, name] : surroundings.objects)
        if (const ConfigType* known = config_type(type)) there_.emplace(known, name);
    for (const auto& [name, value] : surroundings.constants) {
        if (const std::string* text = value.string()) interpreter_.provide(name, heap_.text(*text));
        else if (const double* number = value.number()) interpreter_.provide(name, Value(*number));
        else if (const bool* boolean = value.boolean()) interpreter_.provide(name, Value(*boolean));
        else interpreter_.provide(name, Value());
    }
}

Evaluation Evaluator::run() {
    try {
        for (std::uint32_t i = 0; i < files_.size(); ++i) run_file(i);
        commit();
    } catch (const OutOfBudget& out) {
        result_.complete = false;
        const Limits& limits = budget_.limits();
        std::string message;
        switch (out.what) {
            case Exhausted::steps:
                message = "more than " + std::to_string(limits.steps) + " steps of evaluation (limits.eval_steps)";
                break;
            case Exhausted::bytes:
                message = "more than " + std::to_string(limits.bytes) + " bytes of values";
                break;
            case Exhausted::objects:
                message = "more than " + std::to_string(limits.objects) + " objects (limits.objects)";
                break;
            case Exhausted::nodes:
                message = "more than " + std::to_string(kSyntaxNodes) + " parts in all texts together";
                break;
            case Exhausted::depth:
                message = "too deep";
                break;
            case Exhausted::time:
                message = "the evaluation took too long";
                break;
        }
        const auto [file, at] = interpreter_.where();
        Refused refused;
        refused.why = Why::limit;
        refused.place = reading_ ? *reading_ : place(file, at);
        if (reading_) refused.zone = files_[running_].file->zone;
        else if (file < files_.size()) refused.zone = files_[file].file->zone;
        refused.message = std::move(message);
        if (making_) {
            refused.type = making_->type->name;
            refused.name = making_->name;
        }
        refused.text = std::make_shared<const std::string>();
        result_.refused.push_back(std::move(refused));
    }
    result_.steps = budget_.steps();
    result_.bytes = budget_.bytes();
    return std::move(result_);
}

void Evaluator::run_file(std::uint32_t index) {
    File& file = files_[index];
    if (std::exchange(file.started, true)) return;
    running_ = index;
    reading_ = Place{file.file->source.path, 0, 0};
    // The tree costs memory as values do, some ten times its text at worst.
    budget_.handled(file.file->source.text.size());
    Findings findings;
    const Source source(file.file->source);
    file.tree = parse(source, findings, nodes_left_);
    if (!file.tree && nodes_left_ == 0) {
        reading_->line = findings.errors.front().line;
        reading_->column = findings.errors.front().column;
        throw OutOfBudget{Exhausted::nodes};
    }
    reading_.reset();
    if (!file.tree) {
        const Finding& error = findings.errors.front();
        Refused refused;
        refused.why = Why::syntax;
        refused.zone = file.file->zone;
        refused.place = {file.file->source.path, error.line, error.column};
        refused.message = authority_ == Authority::local ? error.message : first_line(error.message);
        refused.text = std::make_shared<const std::string>(file.file->source.text.substr(0, kKeptText));
        result_.refused.push_back(std::move(refused));
        return;
    }
    Frame frame = interpreter_.frame(Value(&interpreter_.globals()), nullptr, index);
    for (const Node& statement : file.tree->children) {
        running_ = index;
        try {
            if (interpreter_.run_statement(allowed_form(statement, file), frame).flow != Flow::next) return;
        } catch (const ScriptError& error) {
            refuse(error, nullptr, {}, &statement, index);
            interpreter_.poison(statement, error.cause.value_or(error.why));
        }
    }
}

// What the Director ships to every node stands for statements of ours.
const Node& Evaluator::allowed_form(const Node& statement, File& file) {
    if (!surroundings_.director_basics) return statement;
    auto known = recognise(statement);
    return known ? file.replaced.emplace_back(std::move(known->block)) : statement;
}

// A function of one owner's file that another's calls would define objects with rights that the caller
// does not have.
void Evaluator::check_owner(std::uint32_t written) const {
    if (files_[written].file->owner == files_[running_].file->owner) return;
    interpreter_.fail("a function of another parent's file cannot define objects for this one", Why::statement);
}

const ConfigType* Evaluator::defined_type(const Node& node, Frame& frame) {
    const Value type = interpreter_.evaluate(node, frame);
    if (!type.type()) interpreter_.fail("a value of type '" + std::string(type_name(type)) + "' is no type of object");
    if (!type.type()->config) interpreter_.fail("there are no objects of type '" + std::string(type.type()->name) + "'");
    return type.type()->config;
}

// The first of a name stays, but for one that its owner has no right to: it will be
// rejected, and must not take the name from who has the right.
bool Evaluator::gives_way(const Item& first, const std::string& name, std::uint32_t file) const {
    const ZoneFile &one = *files_[first.file].file, &other = *files_[file].file;
    if (!surroundings_.in_scope || first.abstract || one.owner == other.owner) return false;
    return !surroundings_.in_scope(one, first.type->name, name) && surroundings_.in_scope(other, first.type->name, name);
}

void Evaluator::refuse_displaced(const Item& first, const std::string& name) {
    refuse_at(Why::redefined, first.statement->at,
              "'" + name + "' is outside of what its parent may configure, and another parent defines it", first.type, name,
              first.statement, first.file);
}

// Upstream takes any bytes; what is longer or holds control characters is nobody's name but an attacker's.
bool Evaluator::is_name(const std::string& name, const ConfigType& type, const Node& statement, std::uint32_t file) {
    const bool fits = name.size() <= kObjectNameLength;
    if (fits && !has_control(name)) return true;
    refuse_at(Why::attribute, statement.at,
              fits ? "a name cannot hold control characters" : "a name has at most " + std::to_string(kObjectNameLength) + " bytes", &type,
              escaped(name, kExcerptOfName), &statement, file);
    return false;
}

// May objects and templates of this type be registered; if not it is told.
bool Evaluator::takes(const ConfigType& type, const std::string& name, const Node& statement, std::uint32_t file) {
    if (type.role == TypeRole::object || (type.role == TypeRole::topology && authority_ == Authority::local)) return true;
    const bool command = type.role == TypeRole::command;
    refuse_at(command ? Why::command : Why::type, statement.at,
              command ? "commands are defined in the host's own catalog" : "objects of type '" + std::string(type.name) + "' are not taken",
              &type, name, &statement, file);
    return false;
}

void Evaluator::define(const Node& node, Frame& frame) {
    check_owner(frame.file);
    const ConfigType* const type = defined_type(node.children[0], frame);
    const std::string name = interpreter_.to_text(interpreter_.evaluate(node.children[1], frame));
    const bool abstract = node.text == "template";
    if (!is_name(name, *type, node, frame.file) || !takes(*type, name, node, frame.file)) return;
    Item item;
    item.type = type;
    item.name = name;
    item.statement = &node;
    item.body = &node.children[2];
    item.file = frame.file;
    item.abstract = abstract;
    item.ignore_on_error = !abstract && node.flag;
    item.zone = files_[frame.file].file->zone;
    item.package = files_[frame.file].file->package;
    const auto bad = [&](Why why, std::string message) { refuse_at(why, node.at, std::move(message), type, name, &node, frame.file); };
    if (std::string why = abstract ? std::string() : validate_name(name); !why.empty()) return bad(Why::attribute, std::move(why));
    collect_where(node.children[2], item.assign, item.ignore);
    const bool group = type->name == "HostGroup" || type->name == "ServiceGroup" || type->name == "UserGroup";
    if (!item.assign.empty() && (!group || abstract)) return bad(Why::evaluation, "'assign where' belongs into groups and apply rules");
    item.closed = interpreter_.close_over(node, 3, frame);
    budget_.take(sizeof(Item) + name.size());
    if (!abstract) budget_.object();
    const bool simple = abstract || !type->composed;
    if (simple) {
        const auto [taken, added] = named_.try_emplace({type, name}, nullptr);
        if (!added && !abstract && gives_way(*taken->second, name, frame.file)) {
            taken->second->displaced = true;
            refuse_displaced(*taken->second, name);
        } else if (!added) {
            const Item& first = *taken->second;
            return bad(Why::redefined, "'" + name + "' is defined already at " + files_[first.file].file->source.path + ":" +
                                           std::to_string(first.statement->at.line) + "; that one stays");
        }
        items_.push_back(std::move(item));
        taken->second = &items_.back();
    } else {
        items_.push_back(std::move(item));
    }
    Item& kept = items_.back();
    if (abstract) {
        if (node.flag) defaults_[type][name] = &kept;
    } else {
        by_type_[type].push_back(&kept);
    }
}

void Evaluator::apply(const Node& node, Frame& frame) {
    check_owner(frame.file);
    const ConfigType* const type = defined_type(node.children[0], frame);
    std::string name =
        node.children[1].kind == NodeKind::none ? std::string() : interpreter_.to_text(interpreter_.evaluate(node.children[1], frame));
    if (!is_name(name, *type, node, frame.file) || !takes(*type, name, node, frame.file)) return;
    const auto bad = [&](std::string message) { refuse_at(Why::evaluation, node.at, std::move(message), type, name, &node, frame.file); };
    Rule rule;
    const std::string& target = node.children[3].text;
    if (type->name == "Service") {
        if (!target.empty() && target != "Host") return bad("services are applied to Host only");
        rule.target = config_type("Host");
    } else if (type->name == "Notification" || type->name == "Dependency" || type->name == "ScheduledDowntime") {
        if (target != "Host" && target != "Service") return bad("'apply " + std::string(type->name) + "' needs 'to Host' or 'to Service'");
        rule.target = config_type(target);
    } else {
        return bad("objects of type '" + std::string(type->name) + "' cannot be applied");
    }
    rule.type = type;
    rule.name = std::move(name);
    rule.statement = &node;
    rule.body = &node.children[4];
    if (node.children[2].kind != NodeKind::none) rule.term = &node.children[2];
    rule.file = frame.file;
    collect_where(*rule.body, rule.assign, rule.ignore);
    if (rule.assign.empty() && !rule.term) return bad("an apply rule needs 'assign where' or 'for'");
    rule.closed = interpreter_.close_over(node, 5, frame);
    budget_.take(sizeof(Rule) + rule.name.size());
    rules_.push_back(std::move(rule));
}

void Evaluator::include(const Node& node, Frame& frame) {
    if (authority_ == Authority::pushed) interpreter_.fail("not taken in configuration here: " + node.text, Why::statement);
    if (node.flag) return;  // <itl> and the like: what they offer is there already
    const std::string& from = files_[frame.file].file->source.name;
    const std::size_t slash = from.rfind('/');
    const std::string folder = slash == std::string::npos ? std::string() : from.substr(0, slash + 1);
    const std::string path = interpreter_.to_text(interpreter_.evaluate(node.children.front(), frame));
    if (node.text == "include_zones") interpreter_.fail("include_zones has no meaning in zones.d", Why::statement);
    if (path.starts_with('/') || path.find("..") != std::string::npos)
        interpreter_.fail("'" + path + "' is outside of zones.d; only files in it can be included", Why::statement);
    const bool recursive = node.text == "include_recursive";
    std::string pattern = folder + (path.starts_with("./") ? path.substr(2) : path);
    if (recursive) {
        const std::string last = node.children.size() > 1 ? interpreter_.to_text(interpreter_.evaluate(node.children[1], frame)) : "*.conf";
        while (pattern.ends_with('/')) pattern.pop_back();
        if (pattern == ".") pattern = folder + last;
        else pattern += "/" + last;
    }
    bool found = false;
    for (std::uint32_t i = 0; i < files_.size(); ++i) {
        const std::string& name = files_[i].file->source.name;
        // The glob's `*` would match a slash as well; a plain include stays within its folder.
        const bool same_depth = recursive || std::ranges::count(name, '/') == std::ranges::count(pattern, '/');
        if (!same_depth || !glob_match(pattern, name)) continue;
        found = true;
        run_file(i);
    }
    if (!found && !recursive && path.find_first_of("*?") == std::string::npos)
        interpreter_.fail("the included file '" + path + "' is not in zones.d");
}

Flow Evaluator::import(const std::string& name, Frame& frame) {
    Instance* const object = frame.self.instance();
    if (!object || !making_) interpreter_.fail("'import' belongs into the body of an object, template or apply rule");
    const auto found = named_.find({object->type, name});
    if (found == named_.end() || !found->second) {
        if (const auto refused = refused_names_.find({object->type, name}); refused != refused_names_.end()) {
            const auto [file, at] = interpreter_.where();
            throw ScriptError{Why::depends, "imports '" + name + "', which was refused", file, at, refused->second};
        }
        if (const ItlTemplate* known = itl_template(object->type->name, name); known && known->without_effect) {
            budget_.take(name.size() + sizeof(std::string));
            making_->made->templates.push_back(name);
            return Flow::next;
        }
        interpreter_.fail("import of '" + name + "': there is no template or object of type '" + std::string(object->type->name) +
                          "' of that name");
    }
    return run_item(*making_, *found->second, frame);
}

Instance* Evaluator::find(const ConfigType& type, std::string_view name) {
    const auto found = made_.find({&type, std::string(name)});
    return found != made_.end() && found->second->finished ? found->second->made : nullptr;
}

std::vector<Instance*> Evaluator::all(const ConfigType& type) {
    std::vector<Instance*> found;
    const auto items = by_type_.find(&type);
    if (items == by_type_.end()) return found;
    budget_.step(items->second.size());
    for (const Item* item : items->second)
        if (item->finished) found.push_back(item->made);
    return found;
}

}  // namespace endpointd::dsl
