#include "policy/filter.hpp"

#include <set>
#include <tuple>
#include <unordered_map>

#include "policy/judge.hpp"
#include "policy/offered.hpp"

namespace endpointd::policy {

namespace {

// What an evaluation came from: as long as it is held, no address of it is given to anything else.
struct Basis {
    Wanted::List<PushedFile> files;
    Wanted::List<RuntimeObject> objects;
    World world;
    dsl::Limits limits;

    bool same_as(const Basis& other) const {
        const auto all = [](const Basis& basis) {
            return std::tie(basis.files, basis.objects, basis.world.topology, basis.world.grants, basis.world.catalog, basis.world.local,
                            basis.world.node, basis.world.plugin_dir, basis.limits.steps, basis.limits.depth, basis.limits.bytes,
                            basis.limits.objects);
        };
        return all(*this) == all(other);
    }
};

// The texts to evaluate, who brought each, and what is not even looked at.
struct Texts {
    std::vector<dsl::ZoneFile> files;
    TextOrigins origins;
    std::vector<Rejection> rejections;
};

std::string shown_path(const PushedFile& file) { return file.zone + (file.path.starts_with('/') ? "" : "/") + file.path; }

Rejection rejected_file(const PushedFile& file, Objection objection) {
    Rejection rejection;
    rejection.reason = objection.reason;
    rejection.parent = file.parent;
    rejection.method = "config::Update";
    rejection.zone = file.zone;
    rejection.file = shown_path(file);
    rejection.detail = std::move(objection.detail);
    rejection.content = file.content.substr(0, dsl::kKeptText);
    return rejection;
}

class Gatherer {
public:
    explicit Gatherer(const World& world) : world_(world), rights_(*world.grants, *world.topology) {}

    Texts run(const Wanted& wanted) {
        if (wanted.files)
            for (const PushedFile& file : *wanted.files) add(file);
        if (wanted.objects)
            for (const RuntimeObject& object : *wanted.objects) add(object);
        return std::move(texts_);
    }

private:
    void add(const PushedFile& file) {
        // What was granted when it came may not be now: then its text is not evaluated either.
        if (const auto& refusal = rights_.of(file.parent).refusal) return refuse(rejected_file(file, *refusal));
        if (auto why = why_not_ours(file.zone, *world_.topology))
            return refuse(rejected_file(file, {Reason::zone_not_authorized, *std::move(why)}));
        const std::string path = shown_path(file);
        if (!texts_.origins.try_emplace(path, TextOrigin{file.parent, file.zone, nullptr}).second)
            return refuse(rejected_file(file, {Reason::redefinition, "another parent pushed a file of this name"}));
        const std::string name = file.path.substr(file.path.starts_with('/') ? 1 : 0);
        texts_.files.push_back({file.zone, {path, name, file.content}, "_cluster", file.parent});
    }

    void add(const RuntimeObject& object) {
        if (const auto& refusal = rights_.of(object.parent).refusal) return refuse(rejection_of(object, *refusal));
        if (auto why = why_not_ours(object.zone, *world_.topology))
            return refuse(rejection_of(object, {Reason::zone_not_authorized, *std::move(why)}));
        if (auto objection = check_announced(object, *world_.catalog)) return refuse(rejection_of(object, *std::move(objection)));
        const std::string name = object.type + "/" + object.name;
        const std::string path = "runtime/" + name;
        if (!texts_.origins.try_emplace(path, TextOrigin{object.parent, object.zone, &object}).second)
            return refuse(rejection_of(object, {Reason::redefinition, "the name is taken by another one of its type"}));
        texts_.files.push_back({object.zone, {path, name, object.config}, "_api", object.parent});
    }

    void refuse(Rejection rejection) { texts_.rejections.push_back(std::move(rejection)); }

    const World& world_;
    Rights rights_;
    Texts texts_;
};

dsl::Surroundings surroundings_of(const World& world) {
    dsl::Surroundings around;
    around.constants = host_constants(world.node, world.topology->local_zone().name, world.plugin_dir);
    for (const dsl::Object& object : *world.local) around.objects.emplace_back(object.type->name, object.name);
    for (const auto& [name, zone] : world.topology->zones())
        if (zone.global) around.global_zones.push_back(name);
    around.in_scope = [&world](const dsl::ZoneFile& by, std::string_view type, const std::string& name) {
        return is_in_scope(by.owner, type, name, by.zone, world);
    };
    return around;
}

}  // namespace

struct Planner::Impl {
    std::optional<Basis> basis;
    Texts texts;
    std::shared_ptr<const dsl::Evaluation> evaluated;  // shared with the plans made of it

    // By the announced texts' own order; read once each.
    Wanted::List<RuntimeObject> annotations;
    std::vector<std::shared_ptr<const ReadAnnotation>> read;
    std::shared_ptr<const catalog::Catalog> read_with;

    bool failed() const noexcept { return !evaluated->complete; }

    void evaluate(const Wanted& wanted, const World& world, const dsl::Limits& limits) {
        Basis now{wanted.files, wanted.objects, world, limits};
        if (basis && basis->same_as(now)) return;
        basis.reset();
        texts = Gatherer(world).run(wanted);
        auto made = std::make_shared<dsl::Evaluation>();
        if (!texts.files.empty()) *made = dsl::evaluate(texts.files, dsl::Authority::pushed, surroundings_of(world), limits);
        texts.files = {};
        made->objects.shrink_to_fit();  // kept until the next update
        evaluated = std::move(made);
        basis = std::move(now);
    }

    // A comment more is one text to read, however many there are.
    void read_annotations(const Wanted::List<RuntimeObject>& wanted, const World& world) {
        if (wanted == annotations && world.catalog == read_with) return;
        std::unordered_map<std::string_view, std::size_t> known;  // by name: unique ones, as upstream makes them
        if (annotations && world.catalog == read_with)
            for (std::size_t i = 0; i < annotations->size(); ++i) known.emplace((*annotations)[i].name, i);
        std::vector<std::shared_ptr<const ReadAnnotation>> now;
        if (wanted) {
            now.reserve(wanted->size());
            for (const RuntimeObject& object : *wanted) {
                const auto found = known.find(object.name);
                const bool same = found != known.end() && (*annotations)[found->second] == object;
                now.push_back(same ? read[found->second] : std::make_shared<const ReadAnnotation>(read_annotation(object, *world.catalog)));
            }
        }
        read = std::move(now);
        annotations = wanted;
        read_with = world.catalog;
    }
};

Planner::Planner() : impl_(std::make_unique<Impl>()) {}
Planner::~Planner() = default;

Plan Planner::plan(const Wanted& wanted, const World& world, const dsl::Limits& limits) {
    impl_->evaluate(wanted, world, limits);
    Judge judge(world);
    if (wanted.modifications) judge.expect(*wanted.modifications);
    judge.add_local(world.local);
    for (const Rejection& rejection : impl_->texts.rejections) judge.reject(rejection);
    judge.add(impl_->evaluated, impl_->texts.origins);
    if (wanted.annotations && !impl_->failed()) {
        impl_->read_annotations(wanted.annotations, world);
        judge.add_annotations(*wanted.annotations, impl_->read);
    }
    return judge.finish();
}

}  // namespace endpointd::policy
