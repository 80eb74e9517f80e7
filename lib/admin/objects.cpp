#include "admin/objects.hpp"

#include "policy/plan.hpp"

namespace endpointd::admin {
namespace {

class Objects final : public Stream {
public:
    using StateOf = std::function<json::Value(const std::string&)>;
    using Results = std::function<bool(const std::string&)>;
    Objects(std::shared_ptr<const policy::Plan> plan, ObjectSelection selection, StateOf state_of, Results results)
        : plan_(std::move(plan)),
          selection_(std::move(selection)),
          state_of_(std::move(state_of)),
          results_(std::move(results)),
          ahead_(piece()) {}

    std::string_view content_type() const noexcept override { return "application/json"; }
    bool single() const noexcept { return ended_; }  // before next(): all of it is `ahead`
    std::string take_ahead() { return *std::exchange(ahead_, std::nullopt); }

    void next(Next done) override {
        if (ahead_) return done(std::exchange(ahead_, std::nullopt));
        if (ended_) return done(std::optional<std::string>());
        done(std::optional<std::string>(piece()));
    }

private:
    bool is_wanted(const policy::PlannedObject& planned) const {
        return (!selection_.type || planned.object->type->name == *selection_.type) &&
               (!selection_.name || planned.object->name == *selection_.name);
    }

    json::Value shown(const policy::PlannedObject& planned) const {
        json::Object object = policy::object_json(planned);
        const dsl::Place& place = planned.object->place;
        // What a message made has no file; its name for the evaluation is nobody's business.
        const bool in_file = planned.origin != policy::Origin::runtime && !place.file.empty();
        object.set("file", in_file ? json::Value(place.file.str()) : json::Value());
        object.set("line", in_file && place.line != 0 ? json::Value(place.line) : json::Value());
        const std::string_view type = planned.object->type->name;
        const bool checkable = type == "Host" || type == "Service";
        if (state_of_ && checkable) object.set("state", state_of_(planned.object->name));
        if (results_ && checkable) object.set("results", results_(planned.object->name));
        if (selection_.text) object.set("text", planned.object->text ? json::Value(*planned.object->text) : json::Value());
        return object;
    }

    std::string piece() {
        std::string text;
        if (at_ == 0) text = "{\"objects\":[";
        for (; at_ < plan_->objects.size() && text.size() < kObjectsPiece; ++at_) {
            const policy::PlannedObject& planned = plan_->objects[at_];
            if (!is_wanted(planned)) continue;
            text += (any_ ? ",\n" : "\n") + json::to_text(shown(planned));
            any_ = true;
        }
        if (at_ == plan_->objects.size()) {
            text += any_ ? "\n]}\n" : "]}\n";
            ended_ = true;
        }
        return text;
    }

    std::shared_ptr<const policy::Plan> plan_;
    ObjectSelection selection_;
    StateOf state_of_;
    Results results_;
    std::size_t at_ = 0;
    bool any_ = false, ended_ = false;
    std::optional<std::string> ahead_;  // last: made with all of the others
};

}  // namespace

Answer make_objects(std::shared_ptr<const policy::Plan> plan, ObjectSelection selection,
                    std::function<json::Value(const std::string& name)> state_of, std::function<bool(const std::string& name)> results) {
    auto objects = std::make_unique<Objects>(std::move(plan), std::move(selection), std::move(state_of), std::move(results));
    if (!objects->single()) return objects;
    Response response;
    response.body = objects->take_ahead();
    return response;
}

}  // namespace endpointd::admin
