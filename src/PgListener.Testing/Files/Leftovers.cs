namespace PgListener.Testing;

/// <summary>Removes what was left by processes that were killed before they could stop their servers.</summary>
internal static class Leftovers
{
    private static readonly TimeSpan CreationLimit = TimeSpan.FromMinutes(10);

    public static async Task ClearAsync(Machine machine)
    {
        await foreach (var instance in Instance.TakeAbandonedAsync(machine.TempFolder).ConfigureAwait(false))
        {
            using (instance)
            {
                try
                {
                    await ClearAsync(instance, machine).ConfigureAwait(false);
                }
                catch (Exception e) when (e is EphemeralPostgresException or IOException or UnauthorizedAccessException or AggregateException)
                {
                    // Docker is not running, or a process is not ours to end. That must not keep a new server from starting;
                    // the next start tries again.
                }
            }
        }
    }

    private static async Task ClearAsync(Instance instance, Machine machine)
    {
        if (File.Exists(instance.ContainerMark))
        {
            if (machine.FindProgram("docker") is not { } docker)
                return;

            // One that is not there may be about to be created: the engine goes on when the command that asked it has been killed.
            if (!await DockerEngine.RemoveContainerAsync(docker, instance.Name).ConfigureAwait(false)
                && DateTime.UtcNow - File.GetLastWriteTimeUtc(instance.ContainerMark) < CreationLimit)
            {
                return;
            }
        }

        PostmasterFile.Read(instance.DataFolder)?.EndServer(instance.User);
        instance.Remove();
    }
}
