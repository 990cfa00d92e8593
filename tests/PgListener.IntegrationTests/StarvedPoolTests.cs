using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using PgListener.TestServer;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>An application that blocks all threads of its pool for longer than any limit of the listener's: the connection is well, and is kept. The pool is the process's, so nothing else may run meanwhile.</summary>
[Collection(nameof(Alone))]
public sealed class StarvedPoolTests(ServerFixture server) : IDisposable
{
    private const int Threads = 4;

    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(1);

    private readonly FakeLogCollector _log = new();
    private LoggerFactory? _loggers;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ListenerOptions Quick => new()
    {
        LoggerFactory = _loggers ??= new([new FakeLoggerProvider(_log)], new LoggerFilterOptions { MinLevel = LogLevel.Debug }),
        KeepAlive = KeepAlive,
        ProveDeliveryInterval = KeepAlive,
    };

    public void Dispose() => _loggers?.Dispose();

    [Fact]
    public async Task A_session_that_waits_for_notifications_is_kept_and_hears_what_was_sent_meanwhile()
    {
        var channel = NewChannel();
        var received = new Received<string>();
        await using var listener = new Listener(server.ConnectionString, Quick);
        await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation).SoonAsync();
        listener.Listen();
        var session = listener.Connection.ProcessID;
        for (var round = 0; round < 2; round++)
        {
            await using var sleep = server.Sender.CreateCommand("select pg_notify($1, $2) from pg_sleep(1.5)");
            sleep.Parameters.Add(new() { Value = channel });
            sleep.Parameters.Add(new() { Value = $"{round}" });
            var sending = sleep.ExecuteNonQueryAsync(Cancellation);
            await StarveAsync(3 * KeepAlive, static () => { });
            Assert.Equal($"{round}", await received.NextAsync());
            await sending;
            await IsAskedAgainAsync(listener);
        }

        IsKept(listener, session);
    }

    [Fact]
    public async Task A_session_whose_server_is_just_being_asked_is_kept_and_the_log_says_why_it_took_so_long()
    {
        var channel = NewChannel();
        var received = new Received<string>();
        await using var proxy = FaultProxy.Start(server.ConnectionString);
        var options = Quick;
        options.ProveDeliveryInterval = null;
        await using var listener = new Listener(proxy.ConnectionString, options);
        await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation).SoonAsync();
        listener.Listen();
        var session = listener.Connection.ProcessID;
        await proxy.WhenAsync(_ => proxy.Connections == 1, Cancellation).SoonAsync(); // The one for the first proof is closed.
        var before = proxy.FromClients;
        proxy.FreezeToServer();
        await proxy.WhenAsync(_ => proxy.FromClients > before, Cancellation).SoonAsync();

        // The question was asked, and has got no answer when the pool's threads are blocked. When they are free again it gets one.
        await StarveAsync(3 * KeepAlive, proxy.Thaw);
        for (var question = 0; question < 2; question++)
        {
            before = proxy.FromClients;
            await proxy.WhenAsync(_ => proxy.FromClients > before, Cancellation).SoonAsync();
        }

        await server.NotifyAsync(channel, "heard");
        Assert.Equal("heard", await received.NextAsync());
        IsKept(listener, session);
        var line = Assert.Single(_log.GetSnapshot(), record => record.Id.Id == 114);
        Assert.Equal(LogLevel.Warning, line.Level);
        Assert.Contains("The thread pool of this process is starved", line.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_gone_is_still_noticed_after_the_pool_was_starved()
    {
        await using var proxy = FaultProxy.Start(server.ConnectionString);
        await using var listener = new Listener(proxy.ConnectionString, Quick);
        await listener.StartAsync(Cancellation).SoonAsync();
        var reconnecting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        listener.StateChanged += (_, change) =>
        {
            if (change.Status.State == ListenerState.Reconnecting)
                reconnecting.TrySetResult();
        };
        proxy.Forget();
        await StarveAsync(3 * KeepAlive, static () => { });
        await reconnecting.Task.SoonAsync();
        await listener.WaitUntilListeningAsync(Cancellation).SoonAsync();
    }

    private void IsKept(Listener listener, int session)
    {
        Assert.Equal((ListenerState.Listening, session), (listener.State, listener.Status.ProcessId));
        Assert.Null(listener.Status.Problem);
        Assert.DoesNotContain(_log.GetSnapshot(), record => record.Id.Id == 101);
    }

    /// <summary>The listener has gone through all that may find fault with the connection: the silence, the question, the proof.</summary>
    private static async Task IsAskedAgainAsync(Listener listener)
    {
        var proven = listener.Status.RoundTrip;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (listener.Status.RoundTrip == proven && listener.State == ListenerState.Listening)
        {
            Assert.False(limit.IsCancellationRequested, "Timed out waiting for another proof.");
            await Task.Yield();
        }
    }

    /// <summary>Blocks all threads of the pool, and gives it no more of them.</summary>
    /// <param name="duration">How long.</param>
    /// <param name="atTheEnd">What is done on a thread of its own just before they are free again.</param>
    private static async Task StarveAsync(TimeSpan duration, Action atTheEnd)
    {
        ThreadPool.GetMinThreads(out var minWorkers, out var minPorts);
        ThreadPool.GetMaxThreads(out var maxWorkers, out var maxPorts);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new Gate();
        var starver = new Thread(() =>
        {
            try
            {
                ThreadPool.SetMinThreads(Threads, minPorts);
                ThreadPool.SetMaxThreads(Threads, maxPorts);
                for (var i = 0; i < Threads; i++)
                    ThreadPool.UnsafeQueueUserWorkItem(static gate => gate.Pass(), gate, preferLocal: false);
                gate.Hold(duration);
                atTheEnd();
            }
            catch (Exception e)
            {
                ended.SetException(e);
            }

            gate.Open();
            ThreadPool.SetMaxThreads(maxWorkers, maxPorts);
            ThreadPool.SetMinThreads(minWorkers, minPorts);
            ended.TrySetResult();
        });
        starver.Start();
        await ended.Task;
        starver.Join();
    }

    /// <summary>Where threads are held up.</summary>
    private sealed class Gate
    {
        private readonly object _sync = new();
        private bool _isOpen;
        private int _waiting;

        public void Pass()
        {
            lock (_sync)
            {
                _waiting++;
                Monitor.PulseAll(_sync);
                while (!_isOpen)
                    Monitor.Wait(_sync);
            }
        }

        public void Open()
        {
            lock (_sync)
            {
                _isOpen = true;
                Monitor.PulseAll(_sync);
            }
        }

        /// <summary>Waits until all threads of the pool are held up, and for some time from then on.</summary>
        public void Hold(TimeSpan duration)
        {
            lock (_sync)
            {
                while (_waiting < Threads)
                {
                    if (!Monitor.Wait(_sync, TimeSpan.FromSeconds(20)))
                        throw new TimeoutException("The threads of the pool did not get to be blocked.");
                }

                Monitor.Wait(_sync, duration); // Nobody wakes it: the fault lasts that long.
            }
        }
    }
}
