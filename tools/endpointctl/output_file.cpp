#include "output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/unique_fd.hpp"
#include "render.hpp"

namespace endpointd::ctl {

bool write_output(const Context& context, const std::string& path, const std::string& text, IfThere if_there) {
    const auto failed = [&](const std::string& what) {
        report(context, kUsage, "'" + printable(path, 4096) + "' cannot be written: " + what);
        return false;
    };
    std::string temporary = path + ".XXXXXX";
    const UniqueFd out(::mkostemp(temporary.data(), O_CLOEXEC));
    if (out.get() < 0) return failed(std::strerror(errno));
    std::size_t written = 0;
    int error = 0;
    while (error == 0 && written < text.size()) {
        const ssize_t now = ::write(out.get(), text.data() + written, text.size() - written);
        if (now >= 0) written += static_cast<std::size_t>(now);
        else if (errno != EINTR) error = errno;
    }
    if (error == 0 && (::fchmod(out.get(), 0644) != 0 || ::fsync(out.get()) != 0)) error = errno;
    // A link fails where the name is taken.
    const auto place = if_there == IfThere::refuse ? ::link : ::rename;
    if (error == 0 && place(temporary.c_str(), path.c_str()) != 0) error = errno;
    ::unlink(temporary.c_str());
    if (error == EEXIST) return failed("it is there already; move it away or name another file");
    return error == 0 || failed(std::strerror(error));
}

}  // namespace endpointd::ctl
