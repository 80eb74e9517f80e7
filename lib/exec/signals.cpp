#include "exec/signals.hpp"

#include <signal.h>

#include <initializer_list>

namespace endpointd::exec {

void block_all_signals() noexcept {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) {
#ifdef ENDPOINTD_SANITIZED
        // The sanitizers report through these.
        if (number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGABRT || number == SIGILL) continue;
#endif
        ::sigaction(number, &standard, nullptr);
    }
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGILL}) sigdelset(&all, fault);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace endpointd::exec
