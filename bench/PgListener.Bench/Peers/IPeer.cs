using System.Diagnostics;

namespace PgListener.Bench;

/// <summary>Consumers in another language, which obey the same lines as <see cref="ConsumerProgram"/>.</summary>
internal interface IPeer
{
    /// <summary>The names of its consumers.</summary>
    IReadOnlyList<string> Consumers { get; }

    /// <summary>How one of them is started.</summary>
    ProcessStartInfo StartInfo(string consumer);

    /// <summary>Gets its program ready, with the libraries that it needs.</summary>
    /// <returns>Why it cannot take part here; <see langword="null"/> if it can.</returns>
    Task<string?> PrepareAsync(CancellationToken cancellationToken);
}
