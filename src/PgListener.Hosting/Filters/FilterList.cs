using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace PgListener.Filters;

/// <summary>The filters of a listener or of a handler, the outermost first.</summary>
/// <param name="services">The services that their classes are registered in.</param>
internal sealed class FilterList(IServiceCollection services)
{
    private readonly List<Func<IServiceProvider, INotificationFilter>> _filters = [];

    /// <summary>Functions that get each of them from a scope.</summary>
    public IReadOnlyList<Func<IServiceProvider, INotificationFilter>> Resolvers => _filters;

    public void Add<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TFilter>()
        where TFilter : class, INotificationFilter
    {
        services.TryAddTransient<TFilter>();
        _filters.Add(static scope => scope.GetRequiredService<TFilter>());
    }

    public void Add(Func<NotificationFilterContext, NotificationFilterDelegate, CancellationToken, Task> filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var instance = new DelegateFilter(filter);
        _filters.Add(_ => instance);
    }
}
