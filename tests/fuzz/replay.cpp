// Runs a corpus through a fuzz target once, where libFuzzer is not linked: every
// file of the given folders, and each of them cut short at several places, so
// that what a fuzzer once found stays found in every build.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
    std::size_t files = 0;
    for (int i = 1; i < argc; ++i) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
            if (!entry.is_regular_file()) continue;
            std::ifstream in(entry.path(), std::ios::binary);
            const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
            ++files;
            for (std::size_t part = 8; part > 0; --part) {
                const std::string piece = bytes.substr(0, bytes.size() * part / 8);  // own allocation: ASan sees its end
                LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(piece.data()), piece.size());
            }
        }
    }
    std::printf("%zu inputs\n", files);
    return files == 0 ? 1 : 0;  // an empty corpus is a test that cannot fail
}
