using PgListener.Chaos.Subjects;

namespace PgListener.Chaos.Faults;

/// <summary>What can happen on the way between a listener and its server; to the waking connections as to the one that listens.</summary>
internal sealed class NetworkFaults(IReadOnlyList<Subject> subjects)
{
    private static readonly TimeSpan Short = Settings.DetectionLimit * 0.5;
    private static readonly TimeSpan LongFrom = Settings.DetectionLimit * 1.25;
    private static readonly TimeSpan LongTo = Settings.DetectionLimit * 2;

    /// <summary>Does it, and heals it.</summary>
    public async Task<string?> PerformAsync(FaultKind kind, Random random)
    {
        var subject = random.Of(subjects);
        var proxy = subject.Proxy;
        var detail = "";
        switch (kind)
        {
            case FaultKind.Reset:
                proxy.ResetAll();
                break;
            case FaultKind.Close:
                proxy.CloseAll();
                break;
            case FaultKind.Forget:
                proxy.Forget();
                break;
            case FaultKind.FreezeToServerShort or FaultKind.FreezeToServerLong:
                proxy.FreezeToServer();
                detail = await WaitAsync(kind == FaultKind.FreezeToServerLong);
                proxy.Thaw();
                break;
            case FaultKind.FreezeToClientShort or FaultKind.FreezeToClientLong:
                proxy.FreezeToClient();
                detail = await WaitAsync(kind == FaultKind.FreezeToClientLong);
                proxy.Thaw();
                break;
            case FaultKind.FreezeShort or FaultKind.FreezeLong:
                proxy.Freeze();
                detail = await WaitAsync(kind == FaultKind.FreezeLong);
                proxy.Thaw();
                break;
            case FaultKind.Delay:
                proxy.Delay = random.Milliseconds(5, 300);
                detail = $", {proxy.Delay.TotalMilliseconds:0} ms, {await WaitAsync(isLong: false)}";
                proxy.Delay = TimeSpan.Zero;
                break;
            case FaultKind.CutMidMessage:
                var bytes = random.Next(1, 20_000);
                proxy.CutToClientAfter(bytes);
                detail = $", {bytes} bytes";
                break;
            case FaultKind.Refuse:
                proxy.Refuses = true;
                if (random.Chance(0.5))
                    proxy.ResetAll();
                detail = await WaitAsync(random.Chance(0.5));
                proxy.Refuses = false;
                break;
            case FaultKind.Stall:
                proxy.Stalls = true;
                if (random.Chance(0.5))
                    proxy.ResetAll();
                detail = await WaitAsync(random.Chance(0.5));
                proxy.Stalls = false;
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null);
        }

        return subject.Name + detail;

        async Task<string> WaitAsync(bool isLong)
        {
            var time = isLong ? random.Between(LongFrom, LongTo) : random.Between(TimeSpan.FromMilliseconds(100), Short);
            await Task.Delay(time);
            return $", {time.TotalSeconds:0.0} s";
        }
    }

    /// <summary>Whatever is still broken works again.</summary>
    public void Heal()
    {
        foreach (var subject in subjects)
        {
            subject.Proxy.CutToClientAfter(int.MaxValue);
            subject.Proxy.Thaw();
        }
    }
}
