// Whether an update, a path or a name may be looked at, before anything is evaluated.

#include <algorithm>
#include <map>
#include <set>

#include "base/units.hpp"
#include "policy/filter.hpp"
#include "policy/method_capability.hpp"
#include "policy/rights.hpp"

namespace endpointd::policy {

namespace {

constexpr std::string_view kMethod = "config::Update";

std::string_view without_leading_slash(std::string_view path) noexcept {
    if (path.starts_with('/')) path.remove_prefix(1);
    return path;
}

// Upstream's order below a directory: its files by name, then its directories by name.
bool loads_before(std::string_view left, std::string_view right) noexcept {
    left = without_leading_slash(left);
    right = without_leading_slash(right);
    while (true) {
        const std::size_t left_end = left.find('/'), right_end = right.find('/');
        const bool left_is_file = left_end == std::string_view::npos, right_is_file = right_end == std::string_view::npos;
        if (left_is_file != right_is_file) return left_is_file;
        const std::string_view left_name = left.substr(0, left_end), right_name = right.substr(0, right_end);
        if (left_name != right_name || left_is_file) return left_name < right_name;
        left.remove_prefix(left_end + 1);
        right.remove_prefix(right_end + 1);
    }
}

Rejection whole(const std::string& parent, Reason reason, std::string detail) {
    Rejection rejection;
    rejection.reason = reason;
    rejection.parent = parent;
    rejection.method = kMethod;
    rejection.detail = std::move(detail);
    return rejection;
}

CheckedUpdate refused(Rejection rejection) {
    CheckedUpdate checked;
    checked.refused = true;
    checked.rejections.push_back(std::move(rejection));
    return checked;
}

std::optional<Rejection> over_a_limit(const std::string& parent, const std::vector<PushedFile>& files, const UpdateLimits& limits) {
    if (files.size() > limits.files) {
        return whole(parent, Reason::limit_exceeded,
                     "the update brings " + std::to_string(files.size()) + " files, more than limits.config_files (" +
                         std::to_string(limits.files) + ") in endpointd.json");
    }
    std::size_t bytes = 0;
    for (const PushedFile& file : files) {
        bytes += file.content.size();
        if (bytes > limits.bytes) {
            return whole(parent, Reason::limit_exceeded,
                         "the update is larger than limits.config_size (" + std::to_string(limits.bytes) + " bytes) in endpointd.json");
        }
    }
    return std::nullopt;
}

// A path that is none, or one that names a file that another path of the update names as well.
std::optional<Rejection> bad_path(const std::string& parent, const std::vector<PushedFile>& files) {
    std::set<std::pair<std::string_view, std::string_view>> seen;
    for (const PushedFile& file : files) {
        const bool safe = is_safe_path(file.path);
        if (safe && seen.emplace(file.zone, without_leading_slash(file.path)).second) continue;
        Rejection rejection = whole(parent, Reason::bad_path,
                                    safe ? "the path '" + escaped(file.path) + "' is in the update twice"
                                         : "'" + escaped(file.path) + "' is no path below a zone's directory");
        rejection.zone = file.zone;
        return rejection;
    }
    return std::nullopt;
}

}  // namespace

bool is_safe_path(std::string_view path) noexcept {
    if (path.size() > kPathLength || !is_utf8(path)) return false;
    path = without_leading_slash(path);
    while (true) {
        const std::size_t end = path.find('/');
        const std::string_view name = path.substr(0, end);
        if (name.empty() || name == "." || name == "..") return false;
        if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) return false;
        if (end == std::string_view::npos) return true;
        path.remove_prefix(end + 1);
    }
}

CheckedUpdate check_update(const std::string& parent, std::vector<PushedFile> files, const World& world, const UpdateLimits& limits) {
    const ParentRights rights = rights_of(parent, *world.grants, *world.topology);
    if (rights.refusal) {
        Rejection rejection = whole(parent, rights.refusal->reason, rights.refusal->detail);
        return refused(std::move(rejection));
    }
    if (auto rejection = over_a_limit(parent, files, limits)) return refused(*std::move(rejection));
    if (auto rejection = bad_path(parent, files)) return refused(*std::move(rejection));

    CheckedUpdate checked;
    std::map<std::string, std::optional<std::string>, std::less<>> zones;  // why a zone is none of ours
    for (PushedFile& file : files) {
        const auto [zone, is_new] = zones.try_emplace(file.zone);
        if (is_new) {
            zone->second = why_not_ours(file.zone, *world.topology);
            if (zone->second) {
                Rejection rejection = whole(parent, Reason::zone_not_authorized, *zone->second);
                // Named as the object it is about, so that another zone's is another record.
                rejection.object_type = "Zone";
                rejection.object_name = rejection.zone = file.zone;
                checked.rejections.push_back(std::move(rejection));
            }
        }
        if (!zone->second) {
            file.parent = parent;
            checked.files.push_back(std::move(file));
        }
    }
    std::sort(checked.files.begin(), checked.files.end(), [](const PushedFile& left, const PushedFile& right) {
        return left.zone != right.zone ? left.zone < right.zone : loads_before(left.path, right.path);
    });
    return checked;
}

}  // namespace endpointd::policy
