namespace PgListener.Caching.Tests;

internal static class Soon
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>A task that must end soon.</summary>
    public static Task SoonAsync(this Task task) => task.WaitAsync(Limit, TestContext.Current.CancellationToken);

    public static Task<T> SoonAsync<T>(this Task<T> task) => task.WaitAsync(Limit, TestContext.Current.CancellationToken);

    public static Task SoonAsync(this ValueTask task) => task.AsTask().SoonAsync();

    public static Task<T> SoonAsync<T>(this ValueTask<T> task) => task.AsTask().SoonAsync();
}
