using PgListener;
using WebApi.Sales;

namespace WebApi;

/// <summary>
/// Pushes the shop's status to all browsers that wait for it: soon after each change, and periodically to show that the connection is alive. One timer
/// serves all of them.
/// </summary>
internal sealed class LiveStatus : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(15);

    private readonly Lock _sync = new();
    private readonly Func<ShopStatus> _read;
    private readonly Timer _timer;
    private bool _isDue;
    private volatile Moment _latest;

    public LiveStatus(IPgListener listener, SalesBoard board)
    {
        _read = () => ShopStatus.Of(listener, board);
        _latest = new(_read());
        _timer = new(_ => Push(), state: null, SignOfLife, SignOfLife);
        listener.StateChanged += (_, _) => PushSoon();
        board.Changed += (_, _) => PushSoon();
    }

    public Moment Latest => _latest;

    public void Dispose() => _timer.Dispose();

    /// <summary>Several changes at a time are reported once.</summary>
    private void PushSoon()
    {
        if (!Interlocked.Exchange(ref _isDue, true))
            _timer.Change(Soon, SignOfLife);
    }

    private void Push()
    {
        lock (_sync)
        {
            Volatile.Write(ref _isDue, false);
            var before = _latest;
            _latest = new(_read());
            before.End();
        }
    }

    /// <summary>The status at one moment.</summary>
    internal sealed class Moment(ShopStatus status)
    {
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ShopStatus Status => status;

        /// <summary>Completes when there is a newer status.</summary>
        public Task Over => _over.Task;

        public void End() => _over.SetResult();
    }
}
