using System.Diagnostics;
using System.Globalization;
using PgListener.TestServer;

namespace PgListener.Durable.Tests.Membership;

/// <summary>An instance in a process of its own, to be killed or frozen.</summary>
internal sealed class MemberProcess : IDisposable
{
    public const string Argument = "member";

    private readonly Process _process;

    private MemberProcess(Process process) => _process = process;

    /// <summary>Starts one. Its handler is that of <see cref="MemberInstance"/>.</summary>
    public static MemberProcess Start(string connectionString, TimeSpan sessionTimeout)
        => new(ChildProcess.Start(ChildProcess.Dotnet, [typeof(MemberProcess).Assembly.Location, Argument, connectionString, sessionTimeout.ToString("c", CultureInfo.InvariantCulture)]));

    /// <summary>What such a process does, until it is killed.</summary>
    public static async Task<int> RunAsync(string connectionString, TimeSpan sessionTimeout)
    {
        await using var instance = new MemberInstance(connectionString, sessionTimeout);
        await Task.Delay(TimeSpan.FromMinutes(2), CancellationToken.None); // In case that nobody kills it.
        return 0;
    }

    public void Kill() => _process.Kill();

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
