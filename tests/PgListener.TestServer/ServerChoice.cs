using DotNet.Testcontainers.Builders;
using PgListener.Testing;

namespace PgListener.TestServer;

/// <summary>Decides between a container and this machine's own binaries, once for all servers of a test run, and says why.</summary>
/// <param name="launchContainer">Starts a server in a container.</param>
/// <param name="launchLocal">Starts one of this machine.</param>
/// <param name="print">Takes the line that says why there is no container.</param>
internal sealed class ServerChoice(
    Func<CancellationToken, Task<EphemeralPostgres>> launchContainer,
    Func<Task<EphemeralPostgres>> launchLocal,
    Action<string> print)
{
    // A first one may have to be downloaded.
    private static readonly TimeSpan ContainerLimit = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim _first = new(1);
    private bool? _containers;

    public async Task<EphemeralPostgres> LaunchAsync()
    {
        await _first.WaitAsync();
        try
        {
            if (_containers is null)
                return await LaunchFirstAsync();
        }
        finally
        {
            _first.Release();
        }

        // Where one container has worked, a failure of another is one to be seen.
        return _containers.Value ? await launchContainer(CancellationToken.None) : await launchLocal();
    }

    private async Task<EphemeralPostgres> LaunchFirstAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(ContainerLimit);
            // On another thread: Testcontainers blocks while it looks for an engine, and one may hang.
            var container = await Task.Run(() => launchContainer(limit.Token), limit.Token).WaitAsync(limit.Token);
            _containers = true;
            return container;
        }
        catch (Exception e)
        {
            // Whatever it is, the engine's, the image's or Testcontainers' own: another kind of server is just as good.
            _containers = false;
            print($"Containers are not used: {Reason(e)}");
            return await launchLocal();
        }
    }

    // Testcontainers' own text is how to set it up, and the cause of each address it has tried is deep inside.
    private static string Reason(Exception e)
    {
        List<string> texts = [];
        for (var one = e; one is not null; one = one is AggregateException { InnerExceptions: [var first, ..] } ? first : one.InnerException)
        {
            if (one is not AggregateException && !(one is DockerUnavailableException && ReferenceEquals(one, e)))
                texts.Add(one.Message);
        }

        return texts.Count == 0 ? "no Docker engine answers." : string.Join(" ", texts.Distinct(StringComparer.Ordinal)).ReplaceLineEndings(" ");
    }
}
