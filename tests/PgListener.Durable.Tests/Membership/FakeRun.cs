using PgListener.Durable.Log;
using PgListener.Durable.Membership;

namespace PgListener.Durable.Tests.Membership;

/// <summary>A run that reads nothing. The test says where it waits, and how long its calls take.</summary>
internal sealed class FakeRun(RegisteredSubscription subscription, int shard, Task callsEnd) : IShardRun
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _wakeUps;
    private int _readings;

    public RegisteredSubscription Subscription => subscription;

    public int Shard => shard;

    public LogPosition? WaitingAt { get; set; }

    public int WakeUps => Volatile.Read(ref _wakeUps);

    public int Readings => Volatile.Read(ref _readings);

    public bool IsStopping { get; private set; }

    public bool WasCancelled { get; private set; }

    public Task Completion => _over.Task;

    public void ReadAgain() => Interlocked.Increment(ref _readings);

    public void Wake(bool hasRetries) => Interlocked.Increment(ref _wakeUps);

    /// <summary>The run ends by itself, as if another holder had moved the position.</summary>
    public void Lose() => _over.TrySetResult();

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        IsStopping = true;
        try
        {
            await callsEnd.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            WasCancelled = true;
        }

        _over.TrySetResult();
    }
}
