using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using PgListener.Registration;

namespace PgListener;

/// <summary>
/// Watches the configuration of one listener. A valid change is applied, and logged setting by setting. One that is not valid
/// is refused as a whole, and the settings stay as they were, including those of <see cref="IOptionsMonitor{TOptions}"/>.
/// </summary>
internal sealed class SettingsReload : IDisposable
{
    private readonly Lock _sync = new();
    private readonly List<IDisposable> _watches = [];
    private readonly ListenerRegistration _registration;
    private readonly IOptionsFactory<PgListenerOptions> _factory;
    private readonly IOptionsMonitorCache<PgListenerOptions> _cache;
    private readonly Action<PgListenerOptions> _apply;
    private readonly ILogger _logger;
    private volatile PgListenerOptions _current;
    private string? _refused;

    /// <param name="registration">The listener.</param>
    /// <param name="options">Its settings at the start.</param>
    /// <param name="services">The application's services.</param>
    /// <param name="apply">Applies settings. If it throws, they are not applied.</param>
    /// <param name="logger">Logs changes.</param>
    public SettingsReload(ListenerRegistration registration, PgListenerOptions options, IServiceProvider services, Action<PgListenerOptions> apply, ILogger logger)
    {
        _registration = registration;
        _factory = services.GetRequiredService<IOptionsFactory<PgListenerOptions>>();
        _cache = services.GetRequiredService<IOptionsMonitorCache<PgListenerOptions>>();
        _apply = apply;
        _logger = logger;
        AtStart = _current = options;

        // The application's configuration has the connection strings, also if the section comes from elsewhere.
        foreach (var configuration in registration.SectionsFrom(services).Append(services.GetService<IConfiguration>()).OfType<IConfiguration>())
            _watches.Add(ChangeToken.OnChange(configuration.GetReloadToken, Refresh));

        // For settings that the application has bound to these options itself.
        var changes = services.GetRequiredService<IOptionsMonitor<PgListenerOptions>>().OnChange((_, name) =>
        {
            if (name == registration.Name)
                Refresh();
        });
        if (changes is not null)
            _watches.Add(changes);
    }

    /// <summary>The settings at the start.</summary>
    public PgListenerOptions AtStart { get; }

    /// <summary>The settings that were last found valid.</summary>
    public PgListenerOptions Current => _current;

    /// <summary>Applies the settings to handlers that were created since.</summary>
    public void ApplyAgain()
    {
        lock (_sync)
            _apply(_current);
    }

    public void Dispose()
    {
        foreach (var watch in _watches)
            watch.Dispose();
    }

    private void Refresh()
    {
        lock (_sync)
        {
            PgListenerOptions next;
            try
            {
                next = _factory.Create(_registration.Name);
                _apply(next);
            }
            catch (Exception e)
            {
                // From the binder, the validator, or a delegate of the user. One saved file may be reported several times.
                if (_refused != e.Message)
                    _logger.ConfigurationRefused(_registration.SectionPath, e.Message);
                _refused = e.Message;
                _cache.TryAdd(_registration.Name, _current); // The monitor may have discarded its options to create them again, and failed.
                return;
            }

            _refused = null;
            _cache.TryRemove(_registration.Name);
            _cache.TryAdd(_registration.Name, next);
            Report(_current, next);
            _current = next;
        }
    }

    private void Report(PgListenerOptions old, PgListenerOptions next)
    {
        foreach (var setting in KnownSettings.OfListener.Where(IsUsed))
            Report($"{_registration.SectionPath}:{setting.Name}", setting, old, next, AtStart);

        foreach (var handlers in _registration.Handlers.GroupBy(handler => handler.SectionName, StringComparer.Ordinal))
        {
            // For a class that handles several channels, only the first is reported, because one entry changes them together.
            var key = handlers.First().Key;
            foreach (var setting in KnownSettings.OfHandler)
                Report($"{_registration.SectionPath}:{PgListenerOptions.HandlersName}:{handlers.Key}:{setting.Name}", setting, old.Handlers[key], next.Handlers[key], AtStart.Handlers[key]);
        }
    }

    /// <summary>Whether the listener uses the setting. With a given data source, it uses no connection string.</summary>
    private bool IsUsed(SettingInfo<PgListenerOptions> setting)
        => _registration.DataSource is null || setting.Name is not (nameof(PgListenerOptions.ConnectionString) or nameof(PgListenerOptions.ConnectionName));

    private void Report<TOptions>(string path, SettingInfo<TOptions> setting, TOptions old, TOptions next, TOptions atStart)
    {
        var (before, now) = (setting.Value(old), setting.Value(next));
        if (Equals(before, now))
            return;

        if (!setting.NeedsRestart)
            _logger.SettingChanged(path, Text(before), Text(now));
        else if (Equals(now, setting.Value(atStart)))
            _logger.SettingIsBack(path);
        else
            _logger.SettingNeedsRestart(path);
    }

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : "not set";
}
