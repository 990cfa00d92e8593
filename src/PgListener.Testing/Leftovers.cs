namespace PgListener.Testing;

/// <summary>Clears what owners left that were killed before they could stop their servers.</summary>
internal static class Leftovers
{
    public static async Task ClearAsync(Machine machine)
    {
        foreach (var instance in Instance.TakeAbandoned(machine.TempFolder))
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
            await DockerServer.RemoveContainerAsync(docker, instance.Name).ConfigureAwait(false);
        }

        PostmasterFile.Read(instance.DataFolder)?.EndServer();
        instance.Remove();
    }
}
