internal import Glibc

/// The one place where threads begin: for what blocks, and so must not run on the few threads of Swift's cooperative pool.
///
///     SystemThread.start("kafka-delivery") { while !isStopping { serve() } }
///
/// A task waits for such work by `BlockingWork` of Operations.
public enum SystemThread {
    /// Whether a thread gets processor time before others do.
    public enum Priority: Int32, Sendable {
        /// That of the thread that starts it.
        case inherited = 0
        /// Below that: what others wait for goes first.
        case low = 5
        /// What nobody else wants.
        case least = 19
    }

    /// Runs `body` on a new thread and does not wait for it. The thread ends with it.
    ///
    /// Threads that `body` starts inherit its priority. Stacks are as large as the main thread's: BLAS kernels and deep
    /// recursions are made for that.
    /// - Parameter name: shown by `top -H` and debuggers; the first 15 bytes.
    public static func start(
        _ name: String, priority: Priority = .inherited, _ body: @escaping @Sendable () -> Void
    ) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, 8 << 20)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let work = Work(name: name, priority: priority, body: body)
        var thread = pthread_t()
        // Retained once for the thread, which takes it over as its first step.
        let context = Unmanaged.passRetained(work).toOpaque()
        var tries = 0
        while true {
            let status = pthread_create(&thread, &attributes, { SystemThread.run($0) }, context)
            if status == 0 { return }
            // At the limit of threads, those that end make room.
            tries += 1
            guard status == EAGAIN, tries < 500 else {
                fatalError("No thread can be started for \(name): \(SystemError(status).message)")
            }
            usleep(10_000)
        }
    }

    /// Runs `body` so many times at once, one of them on this thread, and returns when all have. The threads have the
    /// priority of this one.
    public static func perform(_ name: String, times: Int, _ body: @escaping @Sendable () -> Void) {
        guard times > 0 else { return }
        let others = Latch(times - 1)
        for _ in 1..<times {
            start(name) {
                body()
                others.leave()
            }
        }
        body()
        others.wait()
    }

    private static func run(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let context else { return nil }
        let work = Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
        setName(work.name)
        // Linux keeps this number for each thread, not for the process.
        if work.priority != .inherited { _ = nice(work.priority.rawValue) }
        work.body()
        return nil
    }

    /// glibc's own call is not in Swift's module of it; this file is what it writes to.
    private static func setName(_ name: String) {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        let bytes = Array(name.utf8.prefix(15))
        _ = write(file, bytes, bytes.count)
    }

    private final class Work: Sendable {
        let name: String
        let priority: Priority
        let body: @Sendable () -> Void

        init(name: String, priority: Priority, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.priority = priority
            self.body = body
        }
    }
}

/// Waits until so many have left.
///
/// `@unchecked Sendable`: POSIX semaphores are made to be shared, and this one does not move and lives until the last
/// reference goes.
private final class Latch: @unchecked Sendable {
    private let count: Int
    private let semaphore: UnsafeMutablePointer<sem_t>

    init(_ count: Int) {
        self.count = count
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func leave() { sem_post(semaphore) }

    func wait() {
        for _ in 0..<count { while sem_wait(semaphore) != 0 {} }
    }
}
